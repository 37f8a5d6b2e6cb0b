import { YOUNG_MS, type Counts } from "@microscaling/core";

import type { App } from "./apps.ts";

/** Counts the instances that end by themselves soon after their start, by the last failure that Marathon tells of each app. */
export interface Crashes {
  /** Takes note of an app, and says what is to be added to its counts. */
  saw(app: App): Pick<Counts, "crashed" | "lastCrash">;
}

interface Seen {
  /** The instance that failed last, when the app was seen last. */
  failed: string | undefined;
  crashed: number;
  lastCrash: string | undefined;
  /** When each instance started that was there then, in milliseconds since the epoch. */
  starts: ReadonlyMap<string, number>;
}

/** Makes a record without crashes. What failed before an app is first seen is an old story. */
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
        // One that was never seen running has not run for long.
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
