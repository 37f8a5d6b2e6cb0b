import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { mayReplace } from "./own-file.ts";
import { isLearned, type EngineSpec, type TaskSpec } from "@microscaling/engine";

/** The version of the file. Files of other versions are ignored. */
const VERSION = 1;

/** What was learned, by task. */
export type LearnedTasks = ReadonlyMap<string, LearnedTask>;

/** What was learned of one task, and a hash of the queue that it reads, because the task's name may later stand for another queue. */
export interface LearnedTask {
  readonly of: string;
  readonly learned: unknown;
}

/** Nothing was learned. */
const NOTHING_LEARNED: LearnedTasks = new Map();

/** Combines what an engine has learned with the queues that its tasks read. */
export function learnedTasks(
  spec: EngineSpec,
  learned: ReadonlyMap<string, unknown>,
): LearnedTasks {
  const tasks = new Map<string, LearnedTask>();
  for (const task of spec.tasks)
    if (learned.has(task.name))
      tasks.set(task.name, { of: lookOf(task, spec), learned: learned.get(task.name) });
  return tasks;
}

/** Gives each task what was learned of it, if it still reads the same queue. */
export function withLearned(spec: EngineSpec, known: LearnedTasks): EngineSpec {
  if (known.size === 0) return spec;
  const tasks = spec.tasks.map((task) => {
    const { of, learned } = known.get(task.name) ?? {};
    return of === lookOf(task, spec) ? { ...task, learned } : task;
  });
  return { ...spec, tasks };
}

/** Identifies the queue. The target does not matter for what arrives. */
function lookOf({ metric }: TaskSpec, { sources }: EngineSpec): string {
  const source = metric?.source ?? "";
  const look = JSON.stringify([sources.get(source)?.name, source, metric?.query]);
  return createHash("sha256").update(look).digest("hex").slice(0, 32);
}

/** The file's text. */
export function writeLearnedTasks(tasks: LearnedTasks): string {
  return `${JSON.stringify({ microscalingLearned: VERSION, tasks: Object.fromEntries(tasks) })}\n`;
}

/** The content of the file, and the problems with it. */
export interface ReadTasks {
  readonly tasks: LearnedTasks;
  /** What is ignored and why, one line each. */
  readonly problems: readonly string[];
}

/** Parses the file. Never throws. Damaged parts are ignored. */
export function readLearnedTasks(text: string, file: string): ReadTasks {
  const nothing = (why: string): ReadTasks => ({
    tasks: NOTHING_LEARNED,
    problems: [`${file}: ${why}; the agent ignores it and learns again`],
  });
  const json = parse(text);
  const version = json?.["microscalingLearned"];
  const written = json?.["tasks"];
  if (version === undefined)
    return nothing("not a file of microscaling's learned data, or damaged");
  if (version !== VERSION)
    return nothing(`expected version ${VERSION}, found ${JSON.stringify(version)}`);
  if (!isMap(written)) return nothing("expected tasks, found something else");
  const tasks = new Map<string, LearnedTask>();
  const problems: string[] = [];
  for (const [name, task] of Object.entries(written)) {
    const of = isMap(task) ? task["of"] : undefined;
    const learned = isMap(task) ? task["learned"] : undefined;
    if (typeof of === "string" && isLearned(learned)) tasks.set(name, { of, learned });
    else problems.push(`${file}: the data of the task ${name} is damaged; the agent ignores it`);
  }
  return { tasks, problems };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isMap(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the file. Never throws. A missing file is not a problem. */
export async function openLearnedFile(file: string): Promise<ReadTasks> {
  try {
    return readLearnedTasks(await readFile(file, "utf8"), file);
  } catch (error) {
    if (isMissing(error)) return { tasks: NOTHING_LEARNED, problems: [] };
    const words = error instanceof Error ? error.message : String(error);
    return {
      tasks: NOTHING_LEARNED,
      problems: [`cannot read ${file}: ${words}; the agent learns again`],
    };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** How the file begins. */
const LEARNED = /^\{"microscalingLearned":/;

/**
 * Replaces the file as a whole. After a crash, the old file remains.
 * @throws Error of the file system, or if the existing file has other content
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  if (!(await mayReplace(file, LEARNED)))
    throw new Error("the existing file has other content, so it is not replaced");
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, text);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
