import {
  asMicroscalingError,
  isMicroscalingError,
  MicroscalingError,
  type Counts,
} from "@microscaling/core";
import { noteCounts } from "../act/crash-loop.ts";
import { noteEffect } from "../act/back-off.ts";
import { settle } from "../act/ledger.ts";
import type { Answer, Command } from "../events.ts";
import { steadyTime, type Moment } from "../moment.ts";
import { changed, toSchedulerTask, type AgentState, type Task } from "../state.ts";
import { checkCounts, describe } from "./check.ts";
import { begin, end, isDue, isStuck, newPace, skip, soon, type Pace } from "./pace.ts";

/** When instances are counted, and what the scheduler reported. */
export interface CountingState {
  readonly pace: Pace;
  /** The names of the tasks in the current observation. */
  asked: readonly string[];
  /** When the newest counts of any task were asked for, by the monotonic clock. */
  countedAt: number;
  /** Tasks that nobody asked for and whose counts the plugin returned. Each is reported once. */
  strangers: readonly string[];
}

/** At most this many unknown tasks are remembered, so that a faulty plugin cannot fill the memory. */
const MOST_STRANGERS = 100;
/** While instances are drained, they are counted at least this often, in milliseconds. */
const DRAIN_MS = 200;

/** After a failure they are counted again at the latest so much later, in milliseconds: nothing is scaled until then. */
const RETRY_MS = 1000;

const NOTHING: Counts = { running: 0, starting: 0, stopping: 0, requested: 0 };

/** Nothing counted yet. */
export function newCounting(now: Moment): CountingState {
  return {
    pace: newPace(now),
    asked: [],
    countedAt: Number.NEGATIVE_INFINITY,
    strangers: [],
  };
}

/** Asks for the counts if that is due. */
export function observeDue(state: AgentState, now: Moment, commands: Command[]): void {
  if (isDue(state.counting.pace, now)) observe(state, now, commands);
}

/** Asks for the counts of all tasks. */
export function observe(state: AgentState, now: Moment, commands: Command[]): void {
  const { counting, tasks, spec } = state;
  const { name, intervalMs } = spec.scheduler;
  const isDraining = tasks.some(({ leavingSince }) => leavingSince !== undefined);
  const everyMs = isDraining ? Math.min(DRAIN_MS, intervalMs) : intervalMs;
  if (isStuck(counting.pace)) {
    skip(counting.pace, everyMs, now);
    const hanging = counting.pace.hanging.length;
    const problem = `scheduler ${name}: ${hanging} calls of observe hang; waiting for one of these calls to end`;
    for (const task of tasks) noteProblem(task, { code: "ERR_DEADLINE", message: problem });
    return changed(state, now);
  }
  const id = state.nextId++;
  begin(counting.pace, id, everyMs, now);
  counting.asked = tasks.map((task) => task.spec.name);
  commands.push({ type: "observe", id, tasks: tasks.map((task) => toSchedulerTask(task.spec)) });
}

/** An observation has been answered. */
export function noteObserved(
  state: AgentState,
  { id, answer }: { readonly id: number; readonly answer: Answer },
  now: Moment,
  commands: Command[],
): void {
  const { counting, spec } = state;
  const startedAt = end(counting.pace, id, answer.kind === "abandoned", now);
  if (startedAt === undefined) return;
  changed(state, now);
  const { name } = spec.scheduler;
  const asked = new Set(counting.asked);
  const tasks = state.tasks.filter((task) => asked.has(task.spec.name));
  try {
    if (answer.kind !== "value") throw answer.error;
    const counts = mapOf(name, answer.value);
    for (const task of tasks) noteTask(state, task, counts, startedAt, now);
    nameStrangers(state, counts, commands);
    counting.countedAt = startedAt;
  } catch (error) {
    const problem = asMicroscalingError(error, "ERR_PLUGIN_FAULT", `scheduler ${name}: observe`);
    for (const task of tasks) noteProblem(task, problem);
    soon(counting.pace, RETRY_MS, now);
  }
}

function mapOf(plugin: string, value: unknown): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `plugin ${plugin}: observe: expected a Map of counts, found ${describe(value)}`,
  );
}

/** If the plugin left out a task or returned wrong counts for it, only that task is unknown. */
function noteTask(
  state: AgentState,
  task: Task,
  all: ReadonlyMap<unknown, unknown>,
  startedAt: number,
  now: Moment,
): void {
  const { name: plugin } = state.spec.scheduler;
  const { name } = task.spec;
  try {
    if (!all.has(name))
      throw new MicroscalingError("ERR_PLUGIN_RESULT", `plugin ${plugin}: no counts for ${name}`);
    const found = all.get(name);
    if (isMicroscalingError(found)) {
      // A task without instances needs no room.
      if (found.code === "ERR_OBJECT_MISSING") noteCountsOf(state, task, NOTHING, startedAt, now);
      throw found;
    }
    noteCountsOf(state, task, checkCounts(plugin, name, found), startedAt, now);
  } catch (error) {
    noteProblem(task, asMicroscalingError(error, "ERR_PLUGIN_RESULT", name));
  }
}

function noteProblem(
  task: Task,
  { code, message }: Pick<MicroscalingError, "code" | "message">,
): void {
  task.countsProblem = message;
  task.countsCode = code;
}

function noteCountsOf(
  { spec, epochMs }: AgentState,
  task: Task,
  counts: Counts,
  startedAt: number,
  now: Moment,
): void {
  task.counts = counts;
  task.countsAt = startedAt;
  task.countsProblem = undefined;
  task.countsCode = undefined;
  if (counts.running === counts.requested) task.unsettledSince = undefined;
  else task.unsettledSince ??= steadyTime(epochMs, now);
  const before = task.pending;
  task.pending = settle(before, startedAt);
  // Only the newest request says what the counts should be.
  const newest = before.at(-1);
  if (newest?.isAccepted === true && task.pending.length === 0)
    noteEffect(task.backOff, counts.requested === newest.instances, now);
  const isPending = task.pending.some(({ doubtful }) => doubtful !== true);
  noteCounts(task.crashLoop, counts, { replaces: spec.scheduler.replaces, isPending }, now);
}

/** Counts of tasks that nobody asked for are not used, and are reported once. */
function nameStrangers(
  { counting, spec }: AgentState,
  counts: ReadonlyMap<unknown, unknown>,
  commands: Command[],
): void {
  const asked = new Set(counting.asked);
  for (const key of counts.keys()) {
    const task = typeof key === "string" ? key : typeof key;
    if (asked.has(task) || counting.strangers.includes(task)) continue;
    if (counting.strangers.length >= MOST_STRANGERS) return;
    counting.strangers = [...counting.strangers, task];
    commands.push({
      type: "log",
      level: "warn",
      message: `plugin ${spec.scheduler.name}: observe: counts for ${task}, which the engine did not ask for`,
      fields: { code: "ERR_PLUGIN_RESULT" },
    });
  }
}
