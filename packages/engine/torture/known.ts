/* oxlint-disable typescript/no-unsafe-type-assertion -- what plugins answer is anything */
import { isMicroscalingError, type Counts } from "@microscaling/core";
import type { Answer } from "../src/events.ts";
import type { Task } from "../src/state.ts";
import type { Agent, Call, Known } from "./agent.ts";
import { Violation, wallOf, type World } from "./world.ts";

const NOTHING: Counts = { running: 0, starting: 0, stopping: 0, requested: 0 };

/** What an agent was told of a task so far. */
export function knownOf({ known }: Agent, task: string): Known {
  let found = known.get(task);
  if (found === undefined) {
    found = {
      counts: undefined,
      isCounted: false,
      countsAt: Number.NEGATIVE_INFINITY,
      reading: undefined,
      isRead: false,
      heldSince: undefined,
    };
    known.set(task, found);
  }
  return found;
}

/**
 * Remembers what an answer tells.
 * @returns checks, once the agent has heard it, that what is right of it was not lost for what is wrong
 */
export function noteAnswer(
  world: World,
  agent: Agent,
  call: Call,
  answer: Answer,
): (() => void) | undefined {
  if (call.command.type === "observe") return noteCounts(world, agent, call, answer);
  return noteReadings(world, agent, call, answer);
}

function noteCounts(
  { honest }: World,
  agent: Agent,
  { command, sentAt }: Call,
  answer: Answer,
): (() => void) | undefined {
  if (command.type !== "observe") return undefined;
  const isMap = answer.kind === "value" && isRight(() => answer.value instanceof Map);
  const all = isMap ? (answer.value as ReadonlyMap<string, unknown>) : new Map<string, unknown>();
  const tasks = tasksByName(agent);
  const right: [string, Counts][] = [];
  for (const { name } of command.tasks) {
    if (!tasks.has(name)) continue;
    const known = knownOf(agent, name);
    const found: unknown = all.get(name);
    known.isCounted = isCounts(found);
    const isMissing = isRight(
      () => isMicroscalingError(found) && found.code === "ERR_OBJECT_MISSING",
    );
    if (!known.isCounted && !isMissing) continue;
    known.counts = isMissing ? NOTHING : (found as Counts);
    known.countsAt = sentAt;
    const scales = agent.scales.get(name)?.filter(({ shownFrom }) => shownFrom > sentAt);
    if (scales !== undefined) agent.scales.set(name, scales);
    if (!isMissing && honest.has(found as object)) right.push([name, found as Counts]);
  }
  if (right.length === 0) return undefined;
  return () => {
    for (const [name, counts] of right) {
      const task = taskOf(agent, name);
      if (task === undefined) continue;
      if (task.countsProblem !== undefined || task.counts?.running !== counts.running)
        throw new Violation("isolation", `${agent.name}: the counts of ${name} were lost`);
    }
  };
}

function noteReadings(
  world: World,
  agent: Agent,
  { command }: Call,
  answer: Answer,
): (() => void) | undefined {
  if (command.type !== "read") return undefined;
  const { queries, source } = command;
  const results = resultsOf(answer, queries.length);
  const tasks = tasksByName(agent);
  const right: [string, number][] = [];
  for (const [i, { task: name, query }] of queries.entries()) {
    const asked = `${source} ${JSON.stringify(query)}`;
    const metric = tasks.get(name)?.spec.metric;
    if (metric === undefined || `${metric.source} ${JSON.stringify(metric.query)}` !== asked)
      continue;
    const known = knownOf(agent, name);
    let result: unknown;
    if (!isRight(() => ((result = results[i]), true))) result = undefined;
    const found = readingOf(result);
    known.isRead = typeof found === "object";
    if (typeof found !== "object") continue;
    const trueAt = world.timeline.now() - Math.max(0, wallOf(world) - found.at);
    known.reading = { value: found.value, trueAt, asked };
    if (world.honest.has(result as object)) right.push([name, found.value]);
  }
  if (right.length === 0) return undefined;
  return () => {
    for (const [name, value] of right) {
      const task = taskOf(agent, name);
      if (task === undefined) continue;
      if (task.noReading !== undefined || task.reading?.value !== value)
        throw new Violation("isolation", `${agent.name}: the reading of ${name} was lost`);
    }
  };
}

function resultsOf(answer: Answer, length: number): readonly unknown[] {
  let results: readonly unknown[] = [];
  // Even looking at one of them may throw: then none is of use.
  isRight(() => {
    if (answer.kind === "value" && Array.isArray(answer.value)) results = Array.from(answer.value);
    return true;
  });
  return results.length === length ? results : [];
}

function tasksByName({ state }: Agent): ReadonlyMap<string, Task> {
  return new Map(state.tasks.map((task) => [task.spec.name, task]));
}

function taskOf({ state }: Agent, name: string): Task | undefined {
  return state.tasks.find(({ spec }) => spec.name === name);
}

function readingOf(
  result: unknown,
): { readonly value: number; readonly at: number } | "hold" | "failure" {
  let found: "hold" | "failure" | { readonly value: number; readonly at: number } = "failure";
  isRight(() => {
    const { kind, value, at, reason, parts } = result as Record<string, unknown>;
    if (kind === "hold" && typeof reason === "string") found = "hold";
    if (kind === "reading" && isAmount(value) && isAmount(at) && areParts(parts))
      found = { value, at };
    return true;
  });
  return found;
}

function areParts(parts: unknown): boolean {
  if (typeof parts !== "object" || parts === null) return true;
  const all = parts as Record<string, unknown>;
  return ["ready", "inFlight", "delayed", "arrived", "finished"].every((part) => {
    const amount = all[part];
    return amount === undefined || amount === null || isAmount(amount);
  });
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isCounts(found: unknown): boolean {
  return isRight(() => {
    const { running, starting, stopping, requested, crashed } = found as Record<string, unknown>;
    return (
      [running, starting, stopping, requested].every(isCount) &&
      (crashed === undefined || crashed === null || isCount(crashed))
    );
  });
}

/** Whatever throws is not right. */
function isRight(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}
