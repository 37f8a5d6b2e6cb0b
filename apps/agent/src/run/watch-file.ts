import { stat } from "node:fs/promises";
import type { Clock } from "@microscaling/core";

/** What to watch, and who is told. */
export interface FileWatch {
  readonly file: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The file's state before it was read, from {@link fileState}: a change since then counts. */
  readonly read: string | undefined;
  /** Called once for each change, when the file has kept still for one interval. */
  readonly changed: () => void;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Follows a file by asking for its state, until `signal` aborts. Notifications of the file system miss what editors and Kubernetes do
 * (write beside it and rename; swap the folder's symlink), and a file that is away for a moment is not a change.
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
 * Tells one state of a file from another: no clock is needed for that. Follows symlinks.
 * @returns `undefined` when there is no such file now.
 */
export async function fileState(file: string): Promise<string | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs].join(":");
}
