import type { DecisionRecord } from "@microscaling/core";
import type { Command, EngineEvent } from "../events.ts";
import type { Moment } from "../moment.ts";
import type { EngineContext, EngineSpec } from "../spec.ts";
import { openState } from "../act/configure.ts";
import type { AgentState } from "../state.ts";
import { step, wakeAt } from "../step.ts";
import { createCalls, type Calls } from "./calls.ts";
import { execute } from "./execute.ts";
import type { Reporter } from "./reporter.ts";
import { createWatches } from "./watches.ts";

/** Connects the engine's state with the world: executes the reducer's commands, and dispatches the results as events. */
export interface Machine {
  readonly state: AgentState;
  /** The newest turn. */
  readonly record: () => DecisionRecord | undefined;
  readonly now: () => Moment;
  /** Starts the loop, which runs until `end` is called. */
  readonly start: () => void;
  readonly dispatch: (event: EngineEvent) => void;
  /** Resolves when no call is in progress. */
  readonly idle: () => Promise<void>;
  /** Resolves when `test` holds, after `ms` milliseconds, or at the end. Returns whether `test` held. */
  readonly until: (test: (state: AgentState) => boolean, ms: number) => Promise<boolean>;
  /** Called when another machine has taken over. This one finishes what it has begun and no longer reports. */
  readonly retire: () => void;
  /** Ends the machine: cancels everything in progress and ignores later events. */
  readonly end: () => void;
}

/** What a machine needs besides its spec. */
export interface MachineContext extends EngineContext {
  readonly reporter: Reporter;
}

/** Creates a machine. Starts nothing. */
export function createMachine(spec: EngineSpec, context: MachineContext): Machine {
  const { clock, logger, dryRun, random, recorder, reporter } = context;
  const life = new AbortController();
  const { signal } = life;
  const now = (): Moment => ({ mono: clock.monotonic(), wall: clock.now(), chance: random() });
  const state = openState(spec, { dryRun, isRecorded: recorder !== undefined }, now());
  const calls: Calls = createCalls(clock);
  const watches = createWatches({ clock, logger, signal }, dispatch);
  const waiters = new Set<() => void>();
  let runs = false;
  let isRetired = false;
  /** When the current timer fires, by the monotonic clock. */
  let timerAt = Number.POSITIVE_INFINITY;
  let timer = new AbortController();
  let record: DecisionRecord | undefined;
  recorder?.opened(spec, false);

  function dispatch(event: EngineEvent): void {
    if (signal.aborted) return;
    const startedAt = performance.now();
    for (const command of stepSafely(event)) handle(command, startedAt);
    if (event.type === "configured" || event.type === "drain") watches.follow(state);
    for (const check of waiters) check();
    if (!runs) return;
    // Begins at once what is due now, without a timer.
    if (event.type !== "time" && wakeAt(state) <= clock.monotonic()) dispatch({ type: "time" });
    setTimer();
  }

  function stepSafely(event: EngineEvent): readonly Command[] {
    try {
      return step(state, event, now());
    } catch (error) {
      logger.error(`internal error of the engine at the event ${event.type}; report it`, { error });
      return [];
    }
  }

  function handle(command: Command, startedAt: number): void {
    switch (command.type) {
      case "report": {
        if (isRetired) return;
        recorder?.decided(command.turn);
        // Only a measurement that decides nothing, so it does not use the injected clock.
        record = { ...state.turn.record!, decideMs: performance.now() - startedAt };
        reporter.report(record);
        return;
      }
      case "opened":
        if (!isRetired) recorder?.opened(command.spec, true);
        return;
      case "log":
        logger[command.level](command.message, command.fields);
        return;
      case "cancel":
        calls.cancel(command.id, "this agent no longer acts");
        return;
      case "read":
      case "observe":
      case "measure":
      case "prepare":
      case "scale":
      case "readLease":
      case "writeLease":
        execute(command, { spec: state.spec, calls, clock, dispatch });
        return;
      default:
        command satisfies never;
    }
  }

  /** One timer for everything that is due. It is not reset if the due time moves to later. */
  function setTimer(): void {
    const at = wakeAt(state);
    if (at >= timerAt || at === Number.POSITIVE_INFINITY) return;
    timer.abort();
    timer = new AbortController();
    timerAt = at;
    clock.sleep(Math.ceil(at - clock.monotonic()), timer.signal).then(ring, () => {});
  }

  function ring(): void {
    timerAt = Number.POSITIVE_INFINITY;
    dispatch({ type: "time" });
  }

  return {
    state,
    record: () => record,
    now,
    start() {
      runs = true;
      watches.follow(state);
      dispatch({ type: "time" });
    },
    dispatch,
    idle: () => calls.idle(),
    until(test, ms) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const over = new AbortController();
      const settle = (held: boolean): void => {
        waiters.delete(check);
        over.abort();
        resolve(held);
      };
      const check = (): void => {
        if (signal.aborted || test(state)) settle(test(state));
      };
      waiters.add(check);
      clock.sleep(ms, over.signal).then(
        () => settle(test(state)),
        () => {},
      );
      check();
      return promise;
    },
    retire() {
      isRetired = true;
    },
    end() {
      if (signal.aborted) return;
      life.abort(new DOMException("the engine has stopped", "AbortError"));
      timer.abort();
      calls.cancelAll("the engine has stopped");
      for (const check of waiters) check();
    },
  };
}
