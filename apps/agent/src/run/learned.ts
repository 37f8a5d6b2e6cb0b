import { dirname, resolve } from "node:path";
import { MicroscalingError, type Clock, type Logger } from "@microscaling/core";
import type { EngineSpec } from "@microscaling/engine";
import type { LoadedConfig } from "../config/index.ts";
import {
  learnedTasks,
  openLearnedFile,
  replaceFile,
  withLearned,
  writeLearnedTasks,
} from "./learned-file.ts";

/** How often what was learned is written, in milliseconds: so much is lost at the most when the agent is killed. */
const SAVE_MS = 300_000;

/** What saving needs. */
export interface KeepRequest {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the file is now, if anywhere. */
  readonly file: () => string | undefined;
  /** What has been learned. */
  readonly text: () => string;
}

/** Keeps what was learned, until it is closed. */
export interface Keeper {
  /** Writes it once more. Never rejects. */
  close(): Promise<void>;
}

/** The path of the file; nothing where none is kept. @param cwd where paths start from without a config file */
export function learnedPath(
  { settings: { learned }, file }: Pick<LoadedConfig, "settings" | "file">,
  cwd: string,
): string | undefined {
  const folder = file === undefined ? cwd : dirname(file);
  return learned === undefined ? undefined : resolve(folder, learned);
}

/** Gives a spec what the file says of its tasks. What is wrong with the file is logged, and ignored. */
export async function recall(
  spec: EngineSpec,
  file: string | undefined,
  logger: Logger,
): Promise<EngineSpec> {
  if (file === undefined) return spec;
  const { tasks, problems } = await openLearnedFile(file);
  for (const problem of problems) logger.warn(problem);
  return withLearned(spec, tasks);
}

/** What an engine has learned so far, for its next spec: a target may have changed while its queue is the same. */
export function handOn(
  from: EngineSpec,
  learned: ReadonlyMap<string, unknown>,
  to: EngineSpec,
): EngineSpec {
  return withLearned(to, learnedTasks(from, learned));
}

/** The text of the file for what an engine has learned. */
export function learnedText(spec: EngineSpec, learned: ReadonlyMap<string, unknown>): string {
  return writeLearnedTasks(learnedTasks(spec, learned));
}

/** Writes what was learned now and then, and at the end. What goes wrong is logged once, until it goes well again. */
export function keepLearned({ clock, logger, file, text }: KeepRequest): Keeper {
  const ending = new AbortController();
  let hasFailed = false;

  async function save(): Promise<void> {
    const to = file();
    if (to === undefined) return;
    try {
      await replaceFile(to, text());
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) logger.warn(cannotWrite(to, error));
      hasFailed = true;
    }
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await clock.sleep(SAVE_MS, ending.signal).catch(() => {});
      await save();
    }
  }

  const running = run();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}

function cannotWrite(file: string, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const { message } = new MicroscalingError(
    "ERR_FILE_WRITE",
    `cannot write ${file}: ${words}; a restart forgets what was learned since`,
    { cause: error },
  );
  return message;
}
