import { type Amounts, MicroscalingError, raced, type Role, within } from "@microscaling/core";
import type { Measured } from "./decide/decider.ts";
import { NOT_READ } from "./decide/observed.ts";
import { drain } from "./loop/drain.ts";
import { alone, createLeadership, type Leadership } from "./loop/lead.ts";
import { createReporter } from "./loop/reporter.ts";
import { openSession, type Session, type SessionContext } from "./loop/session.ts";
import type { Engine, EngineContext, EngineSpec, EngineState, TaskSpec } from "./spec.ts";

const TIME_UP = new DOMException("time is up", "AbortError");

/** Makes an engine. Starts nothing and does no I/O. */
export function createEngine(spec: EngineSpec, context: EngineContext): Engine {
  const life = new AbortController();
  const reporter = createReporter(context.monitors, context.logger, life.signal);
  let leadership = openLeadership(spec);
  const lead = { term: () => leadership.term(), role: () => leadership.role() };
  const sessionContext = { ...context, reporter, life: life.signal, lead };
  let session = openSession(spec, sessionContext);
  let started = false;
  let stopped: Promise<void> | undefined;

  /** A dry run asks nothing of the scheduler, the lease included. */
  function openLeadership({ ha, scheduler: { name, scheduler } }: EngineSpec): Leadership {
    if (ha === undefined || context.dryRun) return alone;
    const lease = scheduler.lease?.(ha.lease);
    if (lease === undefined)
      throw new MicroscalingError(
        "ERR_PLUGIN_RESULT",
        `plugin ${name}: expected a lease, as its capabilities say, found none`,
      );
    const { clock, logger } = context;
    return createLeadership(lease, ha, { clock, logger, changed: () => session.roleChanged() });
  }

  function takePart(): void {
    leadership.run().catch((error: unknown) => {
      context.logger.error("the election ended by a fault of the engine's own", { error });
    });
  }

  async function stop(graceMs: number): Promise<void> {
    const { clock, logger, dryRun } = context;
    const current = session.spec;
    await within({ clock, ms: graceMs, signal: life.signal, late: TIME_UP }, async (signal) => {
      await raced(signal, session.end()).catch(() => {});
      const term = leadership.term();
      if (current.shutdown === "drain" && !dryRun && started && term !== undefined) {
        const either = AbortSignal.any([signal, term.signal]);
        await drain(current.scheduler, current.tasks, { clock, logger, signal: either });
      }
      await leadership.end(signal);
    });
    life.abort(new DOMException("the engine has stopped", "AbortError"));
    await reporter.close();
  }

  return {
    start() {
      started = true;
      session.start();
      takePart();
    },
    once({ act }) {
      return session.once(act);
    },
    async reload(next) {
      const old = session;
      await old.end();
      const sameScheduler = next.scheduler.scheduler === old.spec.scheduler.scheduler;
      await letGo(old.spec, sameScheduler ? next.tasks : [], sessionContext);
      const sameLease = sameScheduler && JSON.stringify(next.ha) === JSON.stringify(old.spec.ha);
      if (!sameLease) {
        await leadership.end(life.signal);
        leadership = openLeadership(next);
      }
      session = openSession(next, sessionContext, sameScheduler ? old : undefined);
      if (!started || stopped !== undefined) return;
      session.start();
      if (!sameLease) takePart();
    },
    state: () => stateOf(session, context.clock.now(), leadership.role()),
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
  { clock, logger, dryRun, life, lead }: SessionContext,
): Promise<void> {
  const names = new Set(kept.map((task) => task.name));
  const removed = old.tasks.filter((task) => !names.has(task.name));
  if (removed.length === 0) return;
  const term = lead.term();
  if (term === undefined) return;
  if (old.shutdown === "drain" && !dryRun) {
    const signal = AbortSignal.any([life, term.signal]);
    await within({ clock, ms: LET_GO_MS, signal, late: TIME_UP }, (inner) =>
      drain(old.scheduler, removed, { clock, logger, signal: inner }),
    );
    return;
  }
  for (const { name } of removed)
    logger.warn(
      `${name} is no longer in the config: its instances are left running and no longer counted`,
    );
}

/** What the scheduler is to say and has not said yet is not known, and left out. */
function capacityOf({ capacity, measured: names = [] }: EngineSpec, measured: Measured): Amounts {
  const given = Object.entries(capacity).filter(([resource]) => !names.includes(resource));
  return { ...Object.fromEntries(given), ...("amounts" in measured ? measured.amounts : {}) };
}

function stateOf(
  { spec, board, record, measurer }: Session,
  now: number,
  role: Role | undefined,
): EngineState {
  const problems = new Set(board.slots.map((slot) => slot.countsProblem));
  return {
    record,
    ...(role === undefined ? {} : { role }),
    capacity: capacityOf(spec, measurer.measured()),
    capacityProblem: measurer.problem(),
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
