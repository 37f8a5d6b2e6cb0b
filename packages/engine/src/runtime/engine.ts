import type { DecisionRecord } from "@microscaling/core";
import { isAtWork } from "../act/act.ts";
import { hasLeft } from "../act/configure.ts";
import { hasEnded } from "../act/election.ts";
import { learnedBy } from "../decide/decider.ts";
import { describeEngine } from "../report/engine-state.ts";
import type { Engine, EngineContext, EngineSpec, Stopped } from "../spec.ts";
import { roleOf, termOf } from "../step.ts";
import type { AgentState } from "../state.ts";
import { assertLease } from "./execute.ts";
import { createMachine, type Machine } from "./machine.ts";
import { createReporter } from "./reporter.ts";

/** How long a reload waits for instances that no task of the new config owns, in milliseconds. They continue to stop after that. */
const LEAVE_MS = 10_000;

/** Creates an engine. Starts nothing and does no I/O. */
export function createEngine(spec: EngineSpec, context: EngineContext): Engine {
  const reporter = createReporter(context);
  let machine = open(spec);
  const retired = new Set<Machine>();
  let started = false;
  let stopped: Promise<Stopped> | undefined;

  function open(next: EngineSpec): Machine {
    if (!context.dryRun) assertLease(next);
    return createMachine(next, { ...context, reporter });
  }

  async function once(acts: boolean): Promise<DecisionRecord> {
    machine.dispatch({ type: "once", part: "observe" });
    await machine.idle();
    const doesAct = acts && termOf(machine.state, machine.now()) !== undefined;
    if (doesAct) machine.dispatch({ type: "once", part: "prepare" });
    await machine.idle();
    machine.dispatch({ type: "once", part: "decide", acts: doesAct });
    await machine.idle();
    return machine.record()!;
  }

  /** Switches to another scheduler. The old machine stops the old scheduler's instances while the new machine works. */
  async function replace(next: EngineSpec): Promise<void> {
    const fresh = open(next);
    const old = machine;
    machine = fresh;
    old.retire();
    retired.add(old);
    if (started) fresh.start();
    await finish(old, LEAVE_MS);
    old.end();
    retired.delete(old);
  }

  /**
   * Ends a machine's work in bounded time: drains if requested, waits for calls in progress, and gives the lease back.
   * @returns the names of the drained tasks that may still have instances
   */
  async function finish(
    { state, now, dispatch, until }: Machine,
    graceMs: number,
  ): Promise<readonly string[]> {
    let left: readonly string[] = [];
    const endAt = now().mono + graceMs;
    const leftMs = (): number => Math.max(0, endAt - now().mono);
    const acts = (): boolean => termOf(state, now()) !== undefined;
    if (started && state.spec.shutdown === "drain" && acts()) {
      dispatch({ type: "drain" });
      await until(() => hasLeft(state) || !acts(), leftMs());
      left = leftOf(state);
    }
    dispatch({ type: "stop" });
    // Another agent may act as soon as the lease is given back, so calls in progress end first.
    await until(() => !isAtWork(state), leftMs());
    dispatch({ type: "resign" });
    await until(() => state.election === undefined || hasEnded(state.election), leftMs());
    return left;
  }

  function leftOf({ tasks, givenUp }: AgentState): readonly string[] {
    const late = tasks.flatMap((task) => (task.leavingSince === undefined ? [] : [task.spec.name]));
    if (late.length > 0)
      context.logger.warn(`time is up: some instances of ${late.join(", ")} are still running`);
    return [...givenUp, ...late];
  }

  async function stop(graceMs: number): Promise<Stopped> {
    const endAt = context.clock.monotonic() + graceMs;
    const left = await finish(machine, graceMs);
    for (const each of [machine, ...retired]) each.end();
    await reporter.close(Math.max(0, endAt - context.clock.monotonic()));
    return { left };
  }

  return {
    start() {
      started = true;
      machine.start();
    },
    once: ({ act }) => once(act),
    async reload(next) {
      if (stopped !== undefined) return;
      const { state, dispatch, until } = machine;
      if (next.scheduler.scheduler !== state.spec.scheduler.scheduler) return replace(next);
      if (!context.dryRun) assertLease(next);
      dispatch({ type: "configured", spec: next });
      if (started) await until(hasLeft, LEAVE_MS);
    },
    state() {
      const now = machine.now();
      return describeEngine(machine.state, machine.record(), roleOf(machine.state, now), now);
    },
    learned: () => learnedBy(machine.state.deciding),
    stop({ graceMs }) {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
