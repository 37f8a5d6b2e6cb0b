import { raced, within } from "@microscaling/core";
import { NOT_READ } from "./decide/observed.ts";
import { drain } from "./loop/drain.ts";
import { createReporter } from "./loop/reporter.ts";
import { openSession, type Session, type SessionContext } from "./loop/session.ts";
import type { Engine, EngineContext, EngineSpec, EngineState, TaskSpec } from "./spec.ts";

const TIME_UP = new DOMException("time is up", "AbortError");

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
    const current = session.spec;
    await within({ clock, ms: graceMs, signal: life.signal, late: TIME_UP }, async (signal) => {
      await raced(signal, session.end()).catch(() => {});
      if (current.shutdown === "drain" && !dryRun && started)
        await drain(current.scheduler, current.tasks, { clock, logger, signal });
    });
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
      const sameScheduler = next.scheduler.scheduler === old.spec.scheduler.scheduler;
      await letGo(old.spec, sameScheduler ? next.tasks : [], sessionContext);
      session = openSession(next, sessionContext, sameScheduler ? old : undefined);
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

/** Treats the tasks that a reload does not keep as `shutdown` says. */
async function letGo(
  old: EngineSpec,
  kept: readonly TaskSpec[],
  { clock, logger, dryRun, life }: SessionContext,
): Promise<void> {
  const names = new Set(kept.map((task) => task.name));
  const removed = old.tasks.filter((task) => !names.has(task.name));
  if (removed.length === 0) return;
  if (old.shutdown === "drain" && !dryRun) {
    await within({ clock, ms: LET_GO_MS, signal: life, late: TIME_UP }, (signal) =>
      drain(old.scheduler, removed, { clock, logger, signal }),
    );
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
      ready:
        slot.counts !== undefined &&
        // It has a reading, or there is a stated reason why not.
        (slot.task.metric === undefined || slot.noReading !== NOT_READ),
      readingAgeMs: slot.reading === undefined ? undefined : now - slot.reading.at,
      countsAgeMs: slot.countsAt === undefined ? undefined : now - slot.countsAt,
      problem:
        // One that all tasks have is told once, as the scheduler's.
        (problems.size > 1 ? slot.countsProblem : undefined) ??
        slot.schedulerProblem ??
        (slot.failures > 0 ? slot.noReading : undefined),
      metricFailures: slot.metricFailures,
      schedulerFailures: slot.schedulerFailures,
    })),
  };
}
