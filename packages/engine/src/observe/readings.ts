import { asMicroscalingError, MicroscalingError, type ReadingResult } from "@microscaling/core";
import type { Answer, Command } from "../events.ts";
import { steadyTime, type Moment } from "../moment.ts";
import type { SourceSpec, TaskSpec } from "../spec.ts";
import { changed, type AgentState, type Task } from "../state.ts";
import { checkReading, checkResults } from "./check.ts";
import { begin, end, isDue, isStuck, newPace, poke, skip, type Pace } from "./pace.ts";

/** When one metric source is read. Each source has its own pace, so none delays another. */
export interface SourceState {
  /** A key of {@link EngineSpec.sources}. */
  readonly name: string;
  readonly pace: Pace;
  /** The tasks that the read in progress was asked for. A result is useless to a task that has changed since. */
  asked: readonly TaskSpec[];
}

/** The sources that tasks use. Sources that are read as before keep their pace. */
export function sourcesOf(state: AgentState, before: AgentState | undefined, now: Moment): void {
  const used = new Set(state.tasks.map(({ spec }) => spec.metric?.source));
  const names = [...state.spec.sources.keys()].filter((name) => used.has(name));
  state.sources = names.map((name) => {
    const same = before?.spec.sources.get(name)?.metric === state.spec.sources.get(name)!.metric;
    const known = same ? before.sources.find((source) => source.name === name) : undefined;
    if (known === undefined) return { name, pace: newPace(now), asked: [] };
    poke(known.pace);
    return known;
  });
}

/** Reads every source that is due. */
export function readDue(state: AgentState, now: Moment, commands: Command[]): void {
  for (const source of state.sources)
    if (isDue(source.pace, now)) read(state, source, now, commands);
}

/** Reads one source for all of its tasks. */
export function read(
  state: AgentState,
  source: SourceState,
  now: Moment,
  commands: Command[],
): void {
  const { name, intervalMs } = sourceSpec(state, source);
  if (isStuck(source.pace)) {
    skip(source.pace, intervalMs, now);
    const error = new MicroscalingError(
      "ERR_DEADLINE",
      `metric ${name}: ${source.pace.hanging.length} reads hang; waiting for one of these reads to end`,
    );
    for (const task of tasksOf(state, source)) noteResult(task, { kind: "failure", error });
    return changed(state, now);
  }
  source.asked = tasksOf(state, source).map(({ spec }) => spec);
  const id = state.nextId++;
  begin(source.pace, id, intervalMs, now);
  const queries = source.asked.map((spec) => ({ task: spec.name, query: spec.metric?.query }));
  commands.push({ type: "read", id, source: source.name, queries });
}

/** Uses the answer to a read. */
export function noteRead(
  state: AgentState,
  event: { readonly source: string; readonly id: number; readonly answer: Answer },
  now: Moment,
): void {
  const source = state.sources.find(({ name }) => name === event.source);
  if (source === undefined) return;
  const { asked } = source;
  const isAbandoned = event.answer.kind === "abandoned";
  if (end(source.pace, event.id, isAbandoned, now) === undefined) return;
  const { name } = sourceSpec(state, source);
  const results = resultsOf(name, asked, event.answer);
  for (const [k, task] of tasksOf(state, source).entries()) {
    // Usually there was no reload meanwhile, so that every task has the same index.
    const i = asked[k] === task.spec ? k : asked.findIndex((spec) => asksTheSame(spec, task.spec));
    if (i >= 0) {
      const result = checkReading(name, task.spec.name, results[i]);
      noteResult(task, dated(task, result, state, now));
    }
  }
  changed(state, now);
}

function sourceSpec({ spec }: AgentState, { name }: SourceState): SourceSpec {
  return spec.sources.get(name)!;
}

function tasksOf({ tasks }: AgentState, { name }: SourceState): Task[] {
  return tasks.filter(({ spec }) => spec.metric?.source === name);
}

/** Whether two specs ask the same of their metric. */
export function asksTheSame(a: TaskSpec, b: TaskSpec): boolean {
  if (a === b) return true;
  return (
    a.name === b.name &&
    a.metric?.source === b.metric?.source &&
    JSON.stringify(a.metric?.query) === JSON.stringify(b.metric?.query)
  );
}

/** One result for each task, as the plugin returned them; a failure for each task if the read failed. */
function resultsOf(plugin: string, asked: readonly TaskSpec[], answer: Answer): readonly unknown[] {
  try {
    if (answer.kind !== "value") throw answer.error;
    const names = asked.map(({ name }) => name);
    return checkResults(plugin, names, answer.value);
  } catch (cause) {
    const error = asMicroscalingError(cause, "ERR_PLUGIN_FAULT", `metric ${plugin}`);
    return asked.map((): ReadingResult => ({ kind: "failure", error }));
  }
}

/** Plugins date readings by the machine's clock, which people can set. The age of the reading gives its time in the engine's own time. */
function dated(
  task: Task,
  result: ReadingResult,
  { epochMs }: AgentState,
  now: Moment,
): ReadingResult {
  if (result.kind !== "reading") return result;
  const { reading, readAtWall } = task;
  // A plugin that returns an earlier reading again has no news, and that reading gets older.
  if (reading !== undefined && result.at === readAtWall) return { ...result, at: reading.at };
  task.readAtWall = result.at;
  // A clock that runs ahead must not make a reading look fresh for longer.
  const ageMs = Math.max(0, now.wall - result.at);
  return { ...result, at: steadyTime(epochMs, now) - ageMs };
}

function noteResult(task: Task, result: ReadingResult): void {
  switch (result.kind) {
    case "reading":
      task.reading = result;
      task.noReading = undefined;
      task.noReadingCode = undefined;
      task.failures = 0;
      break;
    case "hold":
      task.noReading = result.reason;
      task.noReadingCode = undefined;
      task.failures = 0;
      break;
    case "failure":
      task.noReading = result.error.message;
      task.noReadingCode = result.error.code;
      task.failures++;
      task.metricFailures++;
      break;
  }
}
