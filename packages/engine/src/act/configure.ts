import { openDeciding } from "../decide/decider.ts";
import type { Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import { newCapacity } from "../observe/capacity.ts";
import { newCounting } from "../observe/counts.ts";
import { nothingObserved } from "../observe/observed.ts";
import { poke } from "../observe/pace.ts";
import { asksTheSame, sourcesOf } from "../observe/readings.ts";
import type { EngineSpec, TaskSpec } from "../spec.ts";
import { changed, type AgentState, type Task } from "../state.ts";
import { noBackOff } from "./back-off.ts";
import { noCrashes } from "./crash-loop.ts";
import { openElection } from "./election.ts";
import { newPreparation } from "./prepare.ts";

/** The state of a new engine, which knows nothing. */
export function openState(
  spec: EngineSpec,
  { dryRun, isRecorded }: Pick<AgentState, "dryRun" | "isRecorded">,
  now: Moment,
): AgentState {
  const state: AgentState = {
    spec,
    epochMs: now.wall - now.mono,
    dryRun,
    isRecorded,
    phase: "running",
    tasks: [],
    givenUp: [],
    sources: [],
    counting: newCounting(now),
    capacity: newCapacity(spec, undefined, now),
    deciding: openDeciding(spec),
    election: electionOf(spec, dryRun),
    turn: {
      dueAt: now.mono,
      changedAt: undefined,
      lastAt: now.mono,
      blockedSince: now.mono,
      record: undefined,
    },
    nextId: 1,
  };
  state.tasks = spec.tasks.map((task) => newTask(state, task));
  sourcesOf(state, undefined, now);
  return state;
}

/** A dry run asks the scheduler for nothing, not even the lease. */
export function electionOf({ ha }: EngineSpec, dryRun: boolean): AgentState["election"] {
  return ha === undefined || dryRun ? undefined : openElection(ha);
}

function newTask(state: AgentState, spec: TaskSpec): Task {
  return {
    ...nothingObserved(),
    spec,
    leavingSince: undefined,
    readAtWall: undefined,
    countsAt: undefined,
    pending: [],
    backOff: noBackOff(),
    crashLoop: noCrashes(),
    preparation: newPreparation(state),
    gatherUntil: undefined,
    schedulerProblem: undefined,
    schedulerCode: undefined,
    metricFailures: 0,
    schedulerFailures: 0,
  };
}

/**
 * Switches to a new spec with the same scheduler. Keeps everything in progress, and what is known about tasks that stay. Removed tasks are handled
 * as `shutdown` says.
 * @param acts whether this agent may act, so that it drains removed tasks
 */
export function configure(
  state: AgentState,
  spec: EngineSpec,
  acts: boolean,
  now: Moment,
  commands: Command[],
): void {
  const before = { ...state };
  const known = new Map(state.tasks.map((task) => [task.spec.name, task]));
  const names = new Set(spec.tasks.map(({ name }) => name));
  const removed = state.tasks.filter((task) => !names.has(task.spec.name));
  const drains = before.spec.shutdown === "drain" && acts;
  for (const { spec: task, leavingSince } of removed) {
    if (leavingSince !== undefined || drains) continue;
    const message = `${task.name} is no longer in the config: its instances keep running and are no longer counted`;
    if (acts) commands.push({ type: "log", level: "warn", message });
  }
  state.spec = spec;
  const kept = spec.tasks.map((task) => keep(state, before.spec, known.get(task.name), task));
  const leaving = removed.flatMap((task) => {
    if (task.leavingSince !== undefined) return [task];
    return drains && task.spec.priority > 0 ? [asLeaving(task, now)] : [];
  });
  state.tasks = [...kept, ...leaving];
  state.capacity = newCapacity(spec, state.capacity, now);
  sourcesOf(state, before, now);
  layOut(state, commands);
  poke(state.counting.pace);
  changed(state, now);
}

/** Keeps what is known about a task as far as it is still true. */
function keep(
  state: AgentState,
  before: EngineSpec,
  known: Task | undefined,
  spec: TaskSpec,
): Task {
  const fresh = newTask(state, spec);
  if (known === undefined) return fresh;
  const kept = { ...known, spec, leavingSince: undefined };
  const source = spec.metric?.source ?? "";
  const isSameSource =
    before.sources.get(source)?.metric === state.spec.sources.get(source)?.metric;
  if (!isSameSource || !asksTheSame(known.spec, spec)) {
    const { reading, readAtWall, noReading, noReadingCode, failures } = fresh;
    Object.assign(kept, { reading, readAtWall, noReading, noReadingCode, failures });
  }
  // The workload has changed, for example the image. What failed with the old one may be tried at once.
  if (JSON.stringify(known.spec.workload) !== JSON.stringify(spec.workload)) {
    const { preparation, backOff, crashLoop, schedulerProblem, schedulerCode } = fresh;
    const { total } = known.crashLoop;
    Object.assign(kept, {
      preparation,
      backOff,
      crashLoop: { ...crashLoop, total },
      schedulerProblem,
      schedulerCode,
    });
  }
  return kept;
}

/** Turns a task into one whose instances all stop. */
function asLeaving(task: Task, { mono }: Moment): Task {
  const { metric: _, schedule: __, ...rest } = task.spec;
  const spec: TaskSpec = {
    ...rest,
    min: 0,
    // Finite, since records are JSON.
    maxDelta: Number.MAX_SAFE_INTEGER,
    target: { use: "drain" },
  };
  return { ...task, spec, leavingSince: mono, gatherUntil: undefined };
}

/** Makes all instances of every scaled task stop. */
export function drainAll(state: AgentState, now: Moment, commands: Command[]): void {
  state.phase = "draining";
  state.tasks = state.tasks.map((task) =>
    task.spec.priority > 0 && task.leavingSince === undefined ? asLeaving(task, now) : task,
  );
  sourcesOf(state, state, now);
  layOut(state, commands);
  poke(state.counting.pace);
  changed(state, now);
}

/** A removed task that cannot be counted is given up after this time, in milliseconds. */
const GIVE_UP_MS = 10_000;

/** Forgets removed tasks that have no instances left, by counts that were asked for since they were removed. */
export function forgetGone(state: AgentState, now: Moment, commands: Command[]): void {
  const left = state.tasks.filter(
    (task) => !isGone(task) && !isGivenUp(state, task, now, commands),
  );
  if (left.length === state.tasks.length) return;
  state.tasks = left;
  layOut(state, commands);
}

function isGone({ leavingSince, counts, countsAt, pending }: Task): boolean {
  if (leavingSince === undefined || counts === undefined || countsAt! < leavingSince) return false;
  const { running, starting, stopping } = counts;
  return running + starting + stopping === 0 && pending.length === 0;
}

function isGivenUp(
  { phase, givenUp }: AgentState,
  { leavingSince, countsProblem, spec }: Task,
  { mono }: Moment,
  commands: Command[],
): boolean {
  if (leavingSince === undefined || countsProblem === undefined) return false;
  if (mono - leavingSince < GIVE_UP_MS) return false;
  if (phase === "draining") givenUp.push(spec.name);
  const message = `${spec.name} was removed and can no longer be counted (${countsProblem}): any instances of it keep running`;
  commands.push({ type: "log", level: "warn", message });
  return true;
}

/** Lays out the decider for the current tasks. It keeps what it remembers of tasks that stay. */
function layOut(state: AgentState, commands: Command[]): void {
  const spec = { ...state.spec, tasks: state.tasks.map((task) => task.spec) };
  state.deciding = openDeciding(spec, state.deciding);
  commands.push({ type: "opened", spec });
}

/** Whether every removed task has no instances left. */
export function hasLeft({ tasks }: AgentState): boolean {
  return tasks.every(({ leavingSince }) => leavingSince === undefined);
}
