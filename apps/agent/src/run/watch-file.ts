import { stat } from "node:fs/promises";
import type { Clock } from "@microscaling/core";

/** What to watch, and who is told. */
export interface FileWatch {
  readonly file: string;
  readonly clock: Clock;
  readonly intervalMs: number;
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
  let known = await fingerprint(watch.file);
  let before = known;
  while (await slept(watch)) {
    const now = await fingerprint(watch.file);
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

/** `undefined` when there is no such file now. Follows symlinks. */
async function fingerprint(file: string): Promise<string | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs].join(":");
}
