import { stat } from "node:fs/promises";
import type { Clock } from "@microscaling/core";

/** What to watch, and who is told. */
export interface FileWatch {
  readonly file: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** When what is known of the file was read, in milliseconds since the epoch: a change since then counts. */
  readonly readAt: number;
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
  const first = await look(watch.file);
  let known = first !== undefined && first.changedAt > watch.readAt ? undefined : first?.print;
  let before = first?.print;
  while (await slept(watch)) {
    const now = (await look(watch.file))?.print;
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

/** What tells one state of a file from another. */
interface Look {
  readonly print: string;
  /** When its contents, name or rights changed last, in milliseconds since the epoch. */
  readonly changedAt: number;
}

/** `undefined` when there is no such file now. Follows symlinks. */
async function look(file: string): Promise<Look | undefined> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  if (found === undefined) return undefined;
  const print = [found.dev, found.ino, found.size, found.mtimeNs].join(":");
  return { print, changedAt: Number(found.ctimeMs) };
}
