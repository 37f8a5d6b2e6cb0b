import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { mayReplace } from "./own-file.ts";
import { isLearned, type EngineSpec, type TaskSpec } from "@microscaling/engine";

/** The version of the file. Another one is not read. */
const VERSION = 1;

/** What was learned, task by task. */
export type LearnedTasks = ReadonlyMap<string, LearnedTask>;

/** What was learned of one task, and a hash of what it looks at: the same name may stand for another queue one day. */
export interface LearnedTask {
  readonly of: string;
  readonly learned: unknown;
}

/** Nothing is known. */
const NOTHING_LEARNED: LearnedTasks = new Map();

/** Puts what an engine has learned together with what its tasks look at. */
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

/** Gives each task what was learned of it, if it still looks at the same. */
export function withLearned(spec: EngineSpec, known: LearnedTasks): EngineSpec {
  if (known.size === 0) return spec;
  const tasks = spec.tasks.map((task) => {
    const { of, learned } = known.get(task.name) ?? {};
    return of === lookOf(task, spec) ? { ...task, learned } : task;
  });
  return { ...spec, tasks };
}

/** Jobs arrive in a queue whatever the target is. */
function lookOf({ metric }: TaskSpec, { sources }: EngineSpec): string {
  const source = metric?.source ?? "";
  const look = JSON.stringify([sources.get(source)?.name, source, metric?.query]);
  return createHash("sha256").update(look).digest("hex").slice(0, 32);
}

/** The file's text. */
export function writeLearnedTasks(tasks: LearnedTasks): string {
  return `${JSON.stringify({ microscalingLearned: VERSION, tasks: Object.fromEntries(tasks) })}\n`;
}

/** What was read, and what is wrong with it. */
export interface ReadTasks {
  readonly tasks: LearnedTasks;
  /** What is ignored, and why: one line each. */
  readonly problems: readonly string[];
}

/** Reads the file's text. Never throws: what is damaged is ignored. */
export function readLearnedTasks(text: string, file: string): ReadTasks {
  const nothing = (why: string): ReadTasks => ({
    tasks: NOTHING_LEARNED,
    problems: [`${file}: ${why}; it is ignored, and the agent learns anew`],
  });
  const json = parse(text);
  const version = json?.["microscalingLearned"];
  const written = json?.["tasks"];
  if (version === undefined) return nothing("not what microscaling has learned, or damaged");
  if (version !== VERSION)
    return nothing(`expected version ${VERSION}, found ${JSON.stringify(version)}`);
  if (!isMap(written)) return nothing("expected tasks, found another value");
  const tasks = new Map<string, LearnedTask>();
  const problems: string[] = [];
  for (const [name, task] of Object.entries(written)) {
    const of = isMap(task) ? task["of"] : undefined;
    const learned = isMap(task) ? task["learned"] : undefined;
    if (typeof of === "string" && isLearned(learned)) tasks.set(name, { of, learned });
    else problems.push(`${file}: what it says of the task ${name} is damaged; it is ignored`);
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

/** Reads the file. Never throws; that there is none yet is no problem. */
export async function openLearnedFile(file: string): Promise<ReadTasks> {
  try {
    return readLearnedTasks(await readFile(file, "utf8"), file);
  } catch (error) {
    if (isMissing(error)) return { tasks: NOTHING_LEARNED, problems: [] };
    const words = error instanceof Error ? error.message : String(error);
    return {
      tasks: NOTHING_LEARNED,
      problems: [`cannot read ${file}: ${words}; the agent learns anew`],
    };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** How the file begins. */
const LEARNED = /^\{"microscalingLearned":/;

/**
 * Writes the file anew, all of it or nothing: a crash leaves the old one.
 * @throws Error of the file system, or where the file holds something else
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  if (!(await mayReplace(file, LEARNED)))
    throw new Error("it holds something else, so it is left alone");
  const fresh = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, text);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
