import type { Clock } from "@microscaling/core";

import { signalGroup } from "./group.ts";
import type { Entry } from "./table.ts";

/** How long a killed group may take to end before that counts as a failure, in milliseconds. */
const KILLED_MS = 5000;

/**
 * Asks the instance's process group to stop, and kills it after the grace period. Resolves when the instance is gone.
 * @throws if the group cannot be signalled, or still exists after it was killed.
 */
export async function stopGroup(entry: Entry, clock: Clock): Promise<void> {
  const { workload, gone } = entry;
  // Without a process there is nothing to ask. It is killed as soon as it exists.
  if (entry.pid !== undefined) {
    signalGroup(entry.pid, workload.stop.signal);
    if (await goneWithin(workload.stop.graceMs)) return;
    signalGroup(entry.pid, "SIGKILL");
  }
  if (await goneWithin(KILLED_MS)) return;
  throw new Error(`process group ${entry.pid ?? "of a start"} still exists after SIGKILL`);

  async function goneWithin(ms: number): Promise<boolean> {
    await clock.sleep(ms, gone.signal).catch(() => {});
    return gone.signal.aborted;
  }
}
