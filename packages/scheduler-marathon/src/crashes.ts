import { YOUNG_MS, type Counts } from "@microscaling/core";

import type { App } from "./apps.ts";

/** Counts the instances that end by themselves soon after their start. Uses the last failure that Marathon reports for each app. */
export interface Crashes {
  /** Records an app. Returns the members to add to its counts. */
  saw(app: App): Pick<Counts, "crashed" | "lastCrash">;
}

interface Seen {
  /** The last failed instance, at the last observation. */
  failed: string | undefined;
  crashed: number;
  lastCrash: string | undefined;
  /** The start of each instance at the last observation, in milliseconds since the epoch. */
  starts: ReadonlyMap<string, number>;
}

/** Creates a record without crashes. A failure before the first observation of an app does not count. */
export function createCrashes(): Crashes {
  const byApp = new Map<string, Seen>();

  return {
    saw({ id, tasks, lastTaskFailure: failure }) {
      const seen = byApp.get(id);
      const now: Seen = {
        failed: failure?.taskId,
        crashed: seen?.crashed ?? 0,
        lastCrash: seen?.lastCrash,
        starts: new Map(tasks.map((task) => [task.id, Date.parse(task.startedAt ?? "")])),
      };
      if (seen !== undefined && failure !== undefined && failure.taskId !== seen.failed) {
        // An instance that was never seen running has run only for a short time.
        const livedMs =
          Date.parse(failure.timestamp) - (seen.starts.get(failure.taskId) ?? Number.NaN);
        if (!(livedMs >= YOUNG_MS)) {
          now.crashed++;
          now.lastCrash = `${failure.state} on ${failure.host}: ${failure.message}`;
        }
      }
      byApp.set(id, now);
      return {
        crashed: now.crashed,
        ...(now.lastCrash === undefined ? {} : { lastCrash: now.lastCrash }),
      };
    },
  };
}
