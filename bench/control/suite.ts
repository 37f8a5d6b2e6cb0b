import { join } from "node:path";
import type { PlantSpec, SignalSpec } from "@microscaling/simulator";
import { nameOf, SETTINGS, type Case, type Setting } from "./case.ts";
import { TRACES, type Load, type Squeeze } from "./workloads.ts";

const MAX = 80;
/** Two seconds a minute of the trace, and three seconds for five minutes of it. */
const NASA: Squeeze = { secondsPerBin: 2, together: 1, part: 1, peak: 2.2, cap: 2.2 };
const TWITTER: Squeeze = { secondsPerBin: 3, together: 1, part: 0.995, peak: 2.2, cap: 2.6 };
/** Everything a good backend shows: what waits, what is worked on, and running totals. */
const ALL: SignalSpec = { shows: "totals", delaySeconds: 0, loss: 0 };

/** The loads of the suite, whose c is the rate that 20 instances keep up with. */
function suiteLoads(mu: number): ReadonlyMap<string, Load> {
  const c = 20 * mu;
  const generated = (["step", "ramp", "sine", "flash", "mmpp"] as const).map(
    (name): [string, Load] => [name, { use: "generator", name, c }],
  );
  return new Map<string, Load>([
    ...generated,
    ["nasa", { use: "counts", file: join(TRACES, "nasa-1995-07-13.csv"), squeeze: NASA, c }],
    ["twitter", { use: "counts", file: join(TRACES, "twitter-aapl.csv"), squeeze: TWITTER, c }],
  ]);
}

/** A case on a plant of the suite, with all that a good backend shows. */
export function caseOf(
  setting: Setting,
  rest: Pick<Case, "part" | "workload" | "seed" | "controllers" | "load">,
): Case {
  return {
    ...rest,
    plant: nameOf(setting),
    service: { meanSeconds: 1 / setting.mu, shape: "exponential" },
    instances: plantOf(setting.startupSeconds),
    signal: ALL,
    withinSeconds: setting.withinSeconds,
    max: MAX,
  };
}

/** Instances that take exactly so long to start, and no time to stop. */
export function plantOf(startupSeconds: number): PlantSpec {
  return { startupSeconds, startupJitter: 0, startFails: 0, stopSeconds: 0 };
}

/** Seven loads on each plant. */
export function suiteCases(
  seeds: number,
  controllers: readonly string[],
  plants: readonly Setting[] = SETTINGS,
): Case[] {
  return plants.flatMap((setting) =>
    [...suiteLoads(setting.mu)].flatMap(([workload, load]) =>
      seedsOf(seeds).map((seed) =>
        caseOf(setting, { part: "suite", workload, seed, controllers, load }),
      ),
    ),
  );
}

/** The latency target's cases with nothing to see but the queue's length. */
export function lengthOnly(cases: readonly Case[]): Case[] {
  return cases
    .filter(({ part, controllers }) => part === "suite" && controllers.includes("latency"))
    .map((one) =>
      varied(one, {
        part: "length",
        controllers: ["latency"],
        signal: { ...one.signal, shows: "length" },
      }),
    );
}

/** The same case but for some of it. */
export function varied(one: Case, change: Partial<Case>): Case {
  return { ...one, ...change };
}

/** 1, 2, … */
export function seedsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
