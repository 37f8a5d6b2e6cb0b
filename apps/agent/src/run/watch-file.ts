import { stat } from "node:fs/promises";
import type { Clock } from "@microscaling/core";

/** What to watch, and what to call. */
export interface FileWatch {
  readonly file: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The file's state before it was read, from {@link fileState}: a change since then counts. */
  readonly read: string | undefined;
  /** Called once for each change, when the file has not changed for one interval. */
  readonly changed: () => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Follows a file by checking its state at intervals until `signal` aborts. Notifications of the file system miss what editors and Kubernetes do
 * (write another file and rename it; replace the folder's symlink). A file that is missing for a moment is not a change.
 */
export async function watchFile(watch: FileWatch): Promise<void> {
  let known = watch.read;
  let before = await fileState(watch.file);
  while (await slept(watch)) {
    const now = await fileState(watch.file);
    const still = now === before;
    before = now;
    if (now === undefined || now === known || !still) continue;
    known = now;
    watch.changed();
  }
}

async function slept({ clock, intervalMs, signal }: FileWatch): Promise<boolean> {
  return clock.sleep(intervalMs, signal).then(
    () => true,
    () => false,
  );
}

/**
 * A text that differs for every state of a file. Needs no clock. Follows symlinks.
 * @returns `undefined` if the file does not exist now.
 */
export async function fileState(file: string): Promise<string | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs].join(":");
}
