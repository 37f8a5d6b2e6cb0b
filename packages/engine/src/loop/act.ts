import {
  asMicroscalingError,
  type Clock,
  type Decision,
  type Logger,
  type MicroscalingError,
} from "@microscaling/core";
import type { SchedulerSpec } from "../spec.ts";
import { toSchedulerTask, type Board, type Slot } from "./board.ts";
import { checkOutcome } from "./check.ts";
import { withDeadline } from "./deadline.ts";
import {
  limitGrowth,
  noAttempts,
  noteAccepted,
  noteBusy,
  noteCounts,
  noteFailure,
  type Attempts,
} from "./growth.ts";
import type { Term } from "./lead.ts";

/** Making ready may pull a large image, in milliseconds. */
const PREPARE_TIMEOUT_MS = 600_000;

/**
 * A start that is only part of what was granted waits this long for the stops that make room for the rest, in milliseconds: with one call
 * under way for each task, the rest could else only follow when the first has come up.
 */
const GATHER_MS = 100;

/** What acting needs. */
export interface ActContext {
  readonly scheduler: SchedulerSpec;
  readonly board: Board;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Lives as long as the engine: a reload ends no call. */
  readonly signal: AbortSignal;
  /** Asks for fresh counts. */
  readonly poke: () => void;
}

/** Makes the scheduler follow the decisions. */
export interface Actor {
  /** Makes every task ready; tries again until it is, unless `once`. */
  prepare(options: { readonly once: boolean }): Promise<void>;
  /** Says on the board how much each task may grow by. Before every decision. */
  refresh(now: number): void;
  /**
   * Asks for what was decided, as far as no call for that task is under way and it does not back off. Nothing is asked before there are
   * counts from the term itself, and what is under way ends with it.
   */
  apply(decisions: readonly Decision[], how: { readonly term: Term; readonly once: boolean }): void;
  /** Counts that were asked for at `startedAt`, by the monotonic clock, are on the board. */
  observed(startedAt: number): void;
  failed(task: string, error: MicroscalingError): void;
  /** Resolves when no call is under way. */
  settled(): Promise<void>;
}

interface TaskState {
  readonly attempts: Attempts;
  calling: boolean;
  /** When, by the monotonic clock, the newest call was accepted whose effect the counts may not show yet. */
  acceptedAt: number | undefined;
  /** Until when, by the monotonic clock, a start gathers the room that stops make. */
  gatherUntil: number | undefined;
  /** Whether the newest failure was an attempt to grow: it does not keep the task from shrinking. */
  growing: boolean;
}

/** What is asked of the scheduler for one task. */
interface Ask {
  readonly instances: number;
  readonly grows: boolean;
  readonly term: Term;
}

/** Level-triggered: only the newest wish counts, and at most one call is under way for each task. */
export function createActor(context: ActContext): Actor {
  const { board, clock, random, signal, logger, poke } = context;
  const { name, scheduler, replaces, timeoutMs } = context.scheduler;
  const unprepared = scheduler.prepare === undefined ? undefined : "getting ready to run it";
  const states = new Map<Slot, TaskState>(
    board.slots.map((slot) => [
      slot,
      {
        attempts: noAttempts(unprepared),
        calling: false,
        // What the session before this one asked for was answered before that ended: the first counts show it.
        acceptedAt: slot.pending === undefined ? undefined : Number.NEGATIVE_INFINITY,
        gatherUntil: undefined,
        growing: false,
      },
    ]),
  );
  const calls = new Set<Promise<void>>();
  let countedAt = Number.NEGATIVE_INFINITY;
  let nextCounts = Promise.withResolvers<void>();

  function fail(slot: Slot, state: TaskState, error: MicroscalingError): void {
    slot.schedulerProblem = error.message;
    slot.schedulerFailures++;
    noteFailure(state.attempts, clock.now(), random);
    logger.warn(error.message, { task: slot.task.name, code: error.code, details: error.details });
  }

  async function scale(slot: Slot, state: TaskState, instances: number, term: Term): Promise<void> {
    const { task } = slot;
    const until = AbortSignal.any([signal, term.signal]);
    const what = `scheduler ${name}: scale ${task.name} to ${instances}`;
    try {
      const outcome = await withDeadline({ clock, timeoutMs, signal: until, what }, (inner) =>
        scheduler.scale(toSchedulerTask(task), instances, inner),
      );
      const checked = checkOutcome(name, task.name, outcome);
      if (checked.status === "failed") throw checked.error;
      if (checked.status === "busy") {
        takeBack(slot, state);
        noteBusy(state.attempts, clock.now(), checked.retryAfterMs, random);
        return;
      }
      noteAccepted(state.attempts);
      slot.schedulerProblem = undefined;
      state.acceptedAt = clock.monotonic();
    } catch (error) {
      takeBack(slot, state);
      if (!until.aborted) fail(slot, state, asMicroscalingError(error, "ERR_PLUGIN_FAULT", what));
    } finally {
      state.calling = false;
      poke();
      board.changed();
    }
  }

  /** What was asked came to nothing: it neither counts nor is it a try that may yet live. */
  function takeBack(slot: Slot, { attempts }: TaskState): void {
    slot.pending = undefined;
    attempts.probing = false;
  }

  function ask(slot: Slot, state: TaskState, { instances, grows, term }: Ask): void {
    state.calling = true;
    state.gatherUntil = undefined;
    state.growing = grows;
    if (grows && state.attempts.crashes > 0) state.attempts.probing = true;
    slot.pending = instances;
    const call = scale(slot, state, instances, term);
    calls.add(call);
    void call.finally(() => calls.delete(call));
  }

  /** Whether a start should wait for the rest of its room. Wakes the loop when it has waited long enough. */
  function gathers(state: TaskState, isPart: boolean): boolean {
    const now = clock.monotonic();
    if (!isPart) state.gatherUntil = undefined;
    else if (state.gatherUntil === undefined) {
      state.gatherUntil = now + GATHER_MS;
      clock.sleep(GATHER_MS, signal).then(
        () => board.changed(),
        () => {},
      );
    }
    return state.gatherUntil !== undefined && now < state.gatherUntil;
  }

  async function prepareOnce(slot: Slot, state: TaskState): Promise<void> {
    const { task } = slot;
    const what = `scheduler ${name}: get ready to run ${task.name}`;
    try {
      await withDeadline({ clock, timeoutMs: PREPARE_TIMEOUT_MS, signal, what }, async (inner) =>
        scheduler.prepare?.(toSchedulerTask(task), inner),
      );
      state.attempts.unprepared = undefined;
      slot.schedulerProblem = undefined;
      noteAccepted(state.attempts);
    } catch (error) {
      if (signal.aborted) return;
      const problem = asMicroscalingError(error, "ERR_PLUGIN_FAULT", what);
      state.growing = true;
      state.attempts.unprepared = problem.message;
      fail(slot, state, problem);
    }
    board.changed();
  }

  async function prepareUntilReady(slot: Slot, state: TaskState): Promise<void> {
    while (state.attempts.unprepared !== undefined && !signal.aborted) {
      // While the backend cannot even be observed there is no point in trying.
      if (slot.countsProblem !== undefined) {
        await nextCounts.promise;
        continue;
      }
      await prepareOnce(slot, state);
      if (state.attempts.unprepared === undefined) return;
      await clock.sleep(state.attempts.retryAt - clock.now(), signal).catch(() => {});
    }
  }

  return {
    async prepare({ once }) {
      if (unprepared === undefined) return;
      const prepareOne = once ? prepareOnce : prepareUntilReady;
      await Promise.all([...states].map(([slot, state]) => prepareOne(slot, state)));
    },
    refresh(now) {
      for (const [slot, { attempts }] of states) limitGrowth(slot, attempts, now, replaces);
    },
    apply(decisions, { term, once }) {
      if (countedAt < term.since) return;
      const now = clock.now();
      for (const [i, { requested: wanted, granted }] of decisions.entries()) {
        const slot = board.slots[i]!;
        const state = states.get(slot)!;
        const requested = slot.counts?.requested;
        if (wanted === undefined || requested === undefined || state.calling) continue;
        if (wanted === (slot.pending ?? requested)) continue;
        const grows = wanted > requested;
        if (!once && gathers(state, grows && wanted < granted)) continue;
        const waits = now < state.attempts.retryAt && (grows || !state.growing);
        if (!waits) ask(slot, state, { instances: wanted, grows, term });
      }
    },
    observed(startedAt) {
      countedAt = startedAt;
      nextCounts.resolve();
      nextCounts = Promise.withResolvers();
      for (const [slot, state] of states) {
        if (slot.countsProblem !== undefined) continue;
        noteCounts(state.attempts, slot.counts?.crashed, clock.now(), random);
        if (state.calling || state.acceptedAt === undefined || startedAt < state.acceptedAt)
          continue;
        state.acceptedAt = undefined;
        slot.pending = undefined;
      }
    },
    failed(task, error) {
      const slot = board.slotOf(task);
      if (slot !== undefined) fail(slot, states.get(slot)!, error);
      poke();
    },
    async settled() {
      while (calls.size > 0) await Promise.all(calls);
    },
  };
}
