import { open, type FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { MicroscalingError } from "@microscaling/core";
import type { Recorder } from "@microscaling/engine";
import type { Log } from "../log/logger.ts";
import { mayReplace } from "./own-file.ts";

/** A file that the agent records into. */
export interface RecordFile {
  readonly recorder: Recorder;
  /** Writes everything that still waits. Never rejects. */
  close(): Promise<void>;
}

/** How a record begins. */
const RECORD = /^\{"record":/;

/** How many bytes may wait to be written before the disk counts as too slow. */
const MOST_WAITING = 64 * 1024 * 1024;

/**
 * Opens a file to append a record to. An error, now or later, is logged once and ends the record, but not the agent.
 * @returns `undefined` if the file cannot be opened.
 */
export async function openRecordFile(
  name: string,
  folder: string,
  { logger, redactor }: Log,
): Promise<RecordFile | undefined> {
  const file = resolve(folder, name);
  const failed = (cause: unknown): void => {
    const words = cause instanceof Error ? cause.message : String(cause);
    const { message, code } = new MicroscalingError(
      "ERR_FILE_WRITE",
      `cannot record to ${file}: ${words}; the agent continues without a record`,
    );
    logger.error(message, { code });
  };
  try {
    if (!(await mayReplace(file, RECORD)))
      throw new Error("the existing file is not a record, so it is not changed");
    // Loaded only if needed, because a normal run does not use the simulator.
    const { createRecordWriter } = await import("@microscaling/simulator");
    const { write, close } = createAppender(await openAtLine(file), failed);
    return { recorder: createRecordWriter({ write, hide: (line) => redactor.map(line) }), close };
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** Opens a file at its end. Ends an incomplete last line, as a crash leaves it, first. */
async function openAtLine(file: string): Promise<FileHandle> {
  const handle = await open(file, "a+");
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    if (size > 0 && last.toString() !== "\n") await handle.appendFile("\n");
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Appends lines until one cannot be written, because later lines cannot be read without it. */
function createAppender(
  handle: FileHandle,
  failed: (cause: unknown) => void,
): { readonly write: (line: string) => void; readonly close: () => Promise<void> } {
  const stream = handle.createWriteStream();
  let ended = false;
  const end = (cause: unknown): void => {
    if (!ended) failed(cause);
    ended = true;
    stream.destroy();
  };
  stream.on("error", end);
  return {
    write(line) {
      if (ended) return;
      stream.write(`${line}\n`);
      if (stream.writableLength > MOST_WAITING) end("the disk is too slow");
    },
    async close() {
      if (ended) return;
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      stream.once("close", closed);
      stream.end();
      await promise;
      ended = true;
    },
  };
}
