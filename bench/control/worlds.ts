// Worse signals and worse plants: section 3 of issue 12. The target and, beside it, the original's controller.
import type { ServiceTimes, SignalSpec } from "@microscaling/simulator";
import { SETTINGS, type Case, type Setting } from "./case.ts";
import { caseOf, seedsOf, suiteCases, varied } from "./suite.ts";
import type { GENERATORS } from "./workloads.ts";

/** One row for each plant: what is different there. */
interface World {
  readonly name: string;
  /** The suite's seven loads, of which the row is the mean, or one load. */
  readonly on: "suite" | keyof typeof GENERATORS;
  readonly plants: readonly Setting[];
  readonly change: (one: Case) => Partial<Case>;
}

const CONTROLLERS = ["latency", "queue"];
/** Instances that do this many jobs at once, each slower by that factor, so that they do the same work as those of the suite. */
const AT_ONCE = 4;
/** When a service time changes, in seconds. */
const SHIFT_AT = 1800;
const QUICK: readonly Setting[] = [
  { mu: 200, startupSeconds: 5, withinSeconds: 10 },
  { mu: 200, startupSeconds: 30, withinSeconds: 30 },
];
const SLOW: readonly Setting[] = [{ mu: 1 / 60, startupSeconds: 5, withinSeconds: 30 }];

type Signal = Pick<Case, "signal">;
const seen = (shows: SignalSpec["shows"], rest: Partial<SignalSpec> = {}): Signal => ({
  signal: { shows, delaySeconds: 0, loss: 0, ...rest },
});
const totals = seen("totals");
const length = seen("length");
const WORDS = { totals: "totals", inFlight: "in flight", length: "length" } as const;

/** Counts that lag. */
const LAGGING: readonly World[] = (["totals", "inFlight", "length"] as const).flatMap((shows) =>
  [3, 15].flatMap((delaySeconds) =>
    onBoth(`${WORDS[shows]} ${delaySeconds} s old`, seen(shows, { delaySeconds })),
  ),
);

/** Approximate counts: most readings repeat the one before, or all do until the next count. */
const STALE: readonly World[] = (["inFlight", "length"] as const).flatMap((shows) => {
  const repeating = onBoth(`${WORDS[shows]}, 4 of 5 repeat`, seen(shows, { repeats: 0.8 }));
  const counted = onBoth(`${WORDS[shows]}, counted every 5 s`, seen(shows, { refreshSeconds: 5 }));
  return [repeating, counted].flat();
});

const PLANTS: readonly World[] = [
  onSuite("4 jobs at once", atOnce),
  onSuite("4 jobs at once, length", (one) => ({ ...atOnce(one), ...length })),
  onSuite("start-up log-normal, CV 2", ({ instances }) => ({
    instances: { ...instances, startupCv: 2 },
  })),
  onSuite("starts 10 % fail", ({ instances }) => ({
    instances: { ...instances, startFails: 0.1 },
  })),
];

const JOBS: readonly World[] = [
  onSuite("jobs of 0.1 and 10 s, length", ({ service }) => ({
    service: { ...service, shape: "kinds", kindSeconds: [0.1, 10] },
    ...length,
  })),
  { name: "4,000 jobs/s, length", on: "constant, 15 min", plants: QUICK, change: () => length },
  { name: "long jobs", on: "suite", plants: SLOW, change: () => totals },
  { name: "long jobs, length", on: "suite", plants: SLOW, change: () => length },
  { name: "long jobs, constant", on: "constant, 20 busy", plants: SLOW, change: () => totals },
  {
    name: "long jobs, constant, length",
    on: "constant, 20 busy",
    plants: SLOW,
    change: () => length,
  },
  ...([totals, length] as const).flatMap((signal) => {
    const by = signal === length ? ", length" : "";
    return [
      shifted(`service × 4${by}`, "constant, 5 busy", 4, signal),
      shifted(`service ÷ 4${by}`, "constant, 20 busy", 1 / 4, signal),
    ];
  }),
];

/** All of them. */
export const WORLDS: readonly World[] = [...LAGGING, ...STALE, ...PLANTS, ...JOBS];

/** The worlds' cases. Where a row is the mean of seven loads fewer seeds are enough, and fewer still for the millions of quick jobs. */
export function worldCases(seeds: number): Case[] {
  return WORLDS.flatMap((world) => {
    const { name, change } = world;
    const cases = casesOf(world, seeds);
    return cases.map((one) => varied(one, { ...change(one), part: "worlds", workload: name }));
  });
}

function casesOf({ on, plants }: World, seeds: number): Case[] {
  if (on === "suite") return suiteCases(Math.ceil(seeds / 6), CONTROLLERS, plants);
  const few = plants === QUICK ? 10 : 3;
  return plants.flatMap((setting) =>
    seedsOf(Math.ceil(seeds / few)).map((seed) =>
      caseOf(setting, {
        part: "worlds",
        workload: on,
        seed,
        controllers: CONTROLLERS,
        load: { use: "generator", name: on, c: 20 * setting.mu },
      }),
    ),
  );
}

/** On the suite's loads, and on one that does not change. */
function onBoth(name: string, signal: Signal): World[] {
  const rest = { plants: SETTINGS, change: () => signal };
  return [
    { name, on: "suite", ...rest },
    { name: `${name}, constant`, on: "constant, 20 busy", ...rest },
  ];
}

function onSuite(name: string, change: World["change"]): World {
  return { name, on: "suite", plants: SETTINGS, change };
}

function atOnce({ service, instances }: Case): Partial<Case> {
  return {
    service: { ...service, meanSeconds: AT_ONCE * service.meanSeconds },
    instances: { ...instances, concurrency: AT_ONCE },
  };
}

/** Jobs take this many times as long from a certain time on. */
function shifted(name: string, on: World["on"], factor: number, signal: Signal): World {
  const slower = (service: ServiceTimes): ServiceTimes => ({
    ...service,
    shift: { atSeconds: SHIFT_AT, factor },
  });
  return {
    name,
    on,
    plants: SETTINGS,
    change: ({ service }) => ({ service: slower(service), ...signal }),
  };
}
