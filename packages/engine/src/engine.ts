import { createReporter } from "./loop/reporter.ts";
import { drain } from "./loop/drain.ts";
import { openSession, type Session } from "./loop/session.ts";
import type { Engine, EngineContext, EngineSpec, EngineState } from "./spec.ts";

/** Makes an engine. Starts nothing and does no I/O. */
export function createEngine(spec: EngineSpec, context: EngineContext): Engine {
  const life = new AbortController();
  const reporter = createReporter(context.monitors, context.logger, life.signal);
  const sessionContext = { ...context, reporter, life: life.signal };
  let session = openSession(spec, sessionContext);
  let started = false;
  let stopped: Promise<void> | undefined;

  async function stop(graceMs: number): Promise<void> {
    const { clock, logger, dryRun } = context;
    const late = new AbortController();
    const grace = clock.sleep(graceMs, late.signal).catch(() => {});
    await Promise.race([session.end(), grace]);
    if (session.spec.shutdown === "drain" && !dryRun && started) {
      await drain(session, session.spec.tasks, { clock, logger, until: grace });
    }
    late.abort();
    life.abort(new DOMException("the engine has stopped", "AbortError"));
    await reporter.close();
  }

  return {
    start() {
      started = true;
      session.start();
    },
    once({ act }) {
      return session.once(act);
    },
    async reload(next) {
      const old = session;
      await old.end();
      await letGo(old, next, context);
      session = openSession(
        next,
        sessionContext,
        next.scheduler.scheduler === old.spec.scheduler.scheduler ? old : undefined,
      );
      if (started && stopped === undefined) session.start();
    },
    state: () => stateOf(session, context.clock.now()),
    stop({ graceMs }) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}

/** How long a reload waits for instances that no task of the new config owns, in milliseconds. */
const LET_GO_MS = 10_000;

/** Treats the tasks that a reload removes as `shutdown` says. */
async function letGo(
  old: Session,
  next: EngineSpec,
  { clock, logger, dryRun }: EngineContext,
): Promise<void> {
  const stays = new Set(next.tasks.map((task) => task.name));
  const sameScheduler = next.scheduler.scheduler === old.spec.scheduler.scheduler;
  const removed = old.spec.tasks.filter((task) => !sameScheduler || !stays.has(task.name));
  if (removed.length === 0) return;
  if (old.spec.shutdown === "drain" && !dryRun) {
    const late = new AbortController();
    const until = clock.sleep(LET_GO_MS, late.signal).catch(() => {});
    await drain(old, removed, { clock, logger, until });
    late.abort();
    return;
  }
  for (const { name } of removed)
    logger.warn(
      `${name} is no longer in the config: its instances are left running and no longer counted`,
    );
}

function stateOf({ board, record }: Session, now: number): EngineState {
  const problems = new Set(board.slots.map((slot) => slot.countsProblem));
  return {
    record,
    schedulerProblem: problems.size === 1 ? [...problems][0] : undefined,
    tasks: board.slots.map((slot) => ({
      name: slot.task.name,
      ready: slot.counts !== undefined && isRead(slot),
      readingAgeMs: slot.reading === undefined ? undefined : now - slot.reading.at,
      countsAgeMs: slot.countsAt === undefined ? undefined : now - slot.countsAt,
      problem: slot.schedulerProblem ?? (slot.failures > 0 ? slot.noReading : undefined),
      metricFailures: slot.metricFailures,
      schedulerFailures: slot.schedulerFailures,
    })),
  };
}

/** It has a reading, or there is a stated reason why not. */
function isRead(slot: Session["board"]["slots"][number]): boolean {
  const hasReason = slot.failures > 0 || slot.noReading !== NOT_READ;
  return slot.task.metric === undefined || slot.reading !== undefined || hasReason;
}

const NOT_READ = "not read yet";
