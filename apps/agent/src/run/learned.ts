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

/** How often the learned data is written, in milliseconds. A killed agent loses at most this much. */
const SAVE_MS = 300_000;

/** What saving needs. */
export interface KeepRequest {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The current path of the file, if any. */
  readonly file: () => string | undefined;
  /** Returns what has been learned. */
  readonly text: () => string;
}

/** Saves learned data until it is closed. */
export interface Keeper {
  /** Writes the data one last time. Never rejects. */
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

/** Adds the file's data to the tasks of a spec. Problems with the file are logged and ignored. */
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

/** What an engine has learned so far, for its next spec. A target may have changed while its queue is the same. */
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

/** Writes the learned data at intervals and at the end. A failure is logged once until a write succeeds again. */
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
    `cannot write ${file}: ${words}; a restart loses what was learned since the last write`,
    { cause: error },
  );
  return message;
}
