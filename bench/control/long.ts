// Loads that last for hours or days: constant ones, traces at their own pace, and a daily pattern.
import { join } from "node:path";
import { SETTINGS, type Case } from "./case.ts";
import { caseOf, seedsOf, varied } from "./suite.ts";
import { TRACES, type Load, type Squeeze } from "./workloads.ts";

/** Two hours at 20 and at 5 busy instances. Nothing is known at the start, and everything counts. */
export function constantCases(seeds: number, controllers: readonly string[]): Case[] {
  return SETTINGS.flatMap((setting) =>
    (["constant, 20 busy", "constant, 5 busy"] as const).flatMap((name) =>
      seedsOf(seeds).map((seed) =>
        caseOf(setting, {
          part: "constant",
          workload: name,
          seed,
          controllers,
          load: { use: "generator", name, c: 20 * setting.mu },
        }),
      ),
    ),
  );
}

const MINUTES = { secondsPerBin: 60, together: 1, part: 1, peak: 2.2, cap: 2.2 };
const FIVE_MINUTES = { secondsPerBin: 300, together: 1, part: 0.995, peak: 2.2, cap: 2.6 };

/** A day of each trace, not squeezed: its bins last as long as they did. */
const PACED: ReadonlyMap<string, readonly [file: string, squeeze: Squeeze]> = new Map([
  ["nasa, own pace", ["nasa-1995-07-13.csv", MINUTES]],
  ["twitter, own pace", ["twitter-aapl.csv", { ...FIVE_MINUTES, bins: [0, 288] }]],
  ["elb, own pace", ["elb-requests.csv", FIVE_MINUTES]],
]);

/** Traces at their own pace. A day is long, so that few seeds are enough. */
export function paceCases(seeds: number, controllers: readonly string[]): Case[] {
  return SETTINGS.flatMap((setting) =>
    [...PACED].flatMap(([workload, [file, squeeze]]) => {
      const load: Load = { use: "counts", file: join(TRACES, file), squeeze, c: 20 * setting.mu };
      return seedsOf(seeds).map((seed) =>
        caseOf(setting, { part: "pace", workload, seed, controllers, load }),
      );
    }),
  );
}

const DAY_SECONDS = 86_400;
/** Instances start in three times the wait that is allowed. */
const SLOW = { mu: 1, startupSeconds: 90, withinSeconds: 30 };

/** Three days of the same pattern, of which the third counts. */
export function dailyCases(seeds: number, controllers: readonly string[]): Case[] {
  return seedsOf(seeds).map((seed) =>
    varied(
      caseOf(SLOW, {
        part: "daily",
        workload: "daily pattern",
        seed,
        controllers,
        load: { use: "generator", name: "daily", c: 20 * SLOW.mu },
      }),
      { countFrom: 2 * DAY_SECONDS },
    ),
  );
}
