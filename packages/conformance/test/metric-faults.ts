import { PLUGIN, type Reading, type ReadingParts, type ReadingResult } from "@microscaling/core";

import {
  failure,
  PASSWORD,
  type Faults,
  type MemoryMetric,
  type MemoryPlugin,
  type World,
} from "./memory-metric.ts";
import {
  closesOnce,
  closesOnlyWhatWasUsed,
  connectsWhenMade,
  hastyWays,
  LEAVES_NOTHING,
  never,
  tellingWays,
  untidyWays,
} from "./lifecycle-faults.ts";
import { brokenSchemas } from "./memory-schema.ts";

/** One way to be broken, and exactly the tests that must fail by it. */
export interface Row extends Faults {
  readonly what: string;
  readonly fails: readonly string[];
}

const plugin = (what: string, fails: readonly string[], change: Partial<MemoryPlugin>): Row => ({
  what,
  fails,
  plugin: (good) => ({ ...good, ...change }),
});

const other = (
  what: string,
  fails: readonly string[],
  metric: Required<Faults>["metric"],
): Row => ({
  what,
  fails,
  metric,
});

const reading = (
  what: string,
  fails: readonly string[],
  read: (good: MemoryMetric, world: World) => MemoryMetric["read"],
): Row => other(what, fails, (good, world) => ({ ...good, read: read(good, world) }));

/** Changes every number that is read. */
const numbers = (what: string, fails: readonly string[], change: (good: Reading) => Reading): Row =>
  reading(what, fails, (good) => async (queries, signal) => {
    const results = await good.read(queries, signal);
    return results.map((result) => (result.kind === "reading" ? change(result) : result));
  });

const zero = (at: number): ReadingResult => ({ kind: "reading", value: 0, at });

const schemaRows: Row[] = (["options", "query"] as const).flatMap((part) =>
  brokenSchemas().map(({ what, change, fails }) => ({
    what: `${part}: ${what}`,
    fails: fails.map((test) => `schema of ${part}: ${test}`),
    plugin: (good) => Object.assign({}, good, { [part]: change(good[part]) }),
  })),
);

const pluginRows: Row[] = [
  plugin("has another mark", ["plugin: carries the mark of its kind"], {
    [PLUGIN]: "scheduler" as "metric",
  }),
  plugin("is of another version", ["plugin: is made for this version of the contract"], {
    apiVersion: 2,
  }),
  plugin("has a name with a space", ["plugin: has a short name that can stand in a config"], {
    name: "my metric",
  }),
  plugin("declares vaguely", ["plugin: declares every capability"], {
    capabilities: { watch: true, parts: "ready" as unknown as [] },
  }),
];

const lifecycleRows: Row[] = [
  other(
    "lacks watch",
    ["lifecycle: has watch, as declared", "watch: tells when a number may have moved"],
    ({ read, close }) => ({ read, close }),
  ),
  other(
    "closes only what was used",
    [
      "lifecycle: closes when it was never used",
      "lifecycle: is made and closed without its backend",
    ],
    (good) => {
      const { call, close } = closesOnlyWhatWasUsed(good, good.read);
      return { ...good, read: call, close };
    },
  ),
  other("closes once", ["lifecycle: closes twice"], closesOnce),
  other(
    "connects when it is made",
    [
      "lifecycle: is made and closed without its backend",
      "a backend that fails: is a failure when it cannot be reached",
    ],
    (good, _, { down }) => connectsWhenMade(good, down),
  ),
  ...hastyWays.map(([what, work, ...more]) =>
    other(what, ["lifecycle: does no I/O when it is made", ...more], (good) => {
      work();
      return good;
    }),
  ),
  ...untidyWays.map(([what, work]) =>
    reading(what, [LEAVES_NOTHING], (good, { clock }) => {
      let done = false;
      return (queries, signal) => {
        if (!done) work(clock);
        done = true;
        return good.read(queries, signal);
      };
    }),
  ),
];

const secretRows: Row[] = tellingWays.map(([what, tell]) =>
  reading(what, ["secrets: are in no error and no log line"], (good, world) => async (...asked) => {
    try {
      return await good.read(...asked);
    } catch {
      throw tell("ERR_METRIC_UNREACHABLE", PASSWORD, world.logger);
    }
  }),
);

const MISSING = "read: gives failure for a queue that does not exist, and the others' numbers";
const MISSING_LIST = "read: gives failure for a list that does not exist, and the others' numbers";

const readRows: Row[] = [
  numbers("never says 0", ["read: follows the length of a queue, down to 0"], (good) => ({
    ...good,
    value: Math.max(1, good.value),
  })),
  reading(
    "answers in its own order",
    ["read: gives one result for each query, in their order"],
    (good) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      const order = (index: number): string => queries[index]?.query.queue ?? "";
      const found = results.map((result, index) => ({ result, queue: order(index) }));
      const sorts = found.filter(({ queue }) => queue === "second").length > 1;
      if (sorts) found.sort((one, two) => one.queue.localeCompare(two.queue));
      return found.map(({ result }) => result);
    },
  ),
  numbers(
    "has a part that is no number",
    ["read: gives finite numbers from 0, with finite parts from 0"],
    (good) => ({ ...good, parts: { ready: Number.NaN } }),
  ),
  numbers(
    "has a part below 0",
    ["read: gives finite numbers from 0, with finite parts from 0"],
    (good) => ({ ...good, parts: { ready: -1 } }),
  ),
  numbers(
    "has parts that it does not declare",
    ["read: gives no parts but those it declares"],
    (good) => ({ ...good, parts: { oldest: 1 } as ReadingParts }),
  ),
  numbers(
    "dates a number at the epoch",
    ["read: says when a number was true: after the call began and before it ended"],
    (good) => ({ ...good, at: 0 }),
  ),
  numbers(
    "dates a number in seconds ahead",
    ["read: says when a number was true: after the call began and before it ended"],
    (good) => ({ ...good, at: good.at + 1000 }),
  ),
  reading(
    "must be asked something",
    ["read: reads nothing when nothing is asked"],
    (good) => async (queries, signal) => {
      if (queries.length === 0) throw failure("nothing to read");
      return good.read(queries, signal);
    },
  ),
  reading(
    "answers the first fifty",
    ["read: answers a hundred queries in one call"],
    (good) => (queries, signal) => good.read(queries.slice(0, 50), signal),
  ),
  reading(
    "asks once for each query",
    ["read: makes no more requests for a hundred queries than for one"],
    (good, world) => async (queries, signal) => {
      world.requests += Math.max(0, queries.length - 1);
      return good.read(queries, signal);
    },
  ),
  reading(
    "takes a missing queue for an empty one",
    [MISSING, MISSING_LIST],
    (good) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      const at = results.find((result) => result.kind === "reading")?.at ?? 0;
      return results.map((result) => (result.kind === "failure" ? zero(at) : result));
    },
  ),
  reading(
    "takes a missing list for an empty one",
    [MISSING_LIST],
    (good) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      const at = results.find((result) => result.kind === "reading")?.at ?? 0;
      return results.map((result, index) =>
        result.kind === "failure" && queries[index]?.query.list === true ? zero(at) : result,
      );
    },
  ),
  reading(
    "has parts that a list has not",
    ["read: gives no parts but those it declares"],
    (good) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      return results.map((result) =>
        result.kind === "reading" ? Object.assign(result, { parts: { inFlight: 0 } }) : result,
      );
    },
  ),
  reading(
    "lets one missing queue fail all",
    [MISSING, MISSING_LIST],
    (good) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      const failed = results.find((result) => result.kind === "failure");
      return failed === undefined ? results : results.map(() => failed);
    },
  ),
];

const callRows: Row[] = [
  other("tells of nothing", ["watch: tells when a number may have moved"], (good) => ({
    ...good,
    watch: (queries, _, signal) => good.watch(queries, () => {}, signal),
  })),
  other("watches for ever", ["watch: ends once its signal aborts"], (good) => ({
    ...good,
    watch: async (...args) => {
      await good.watch(...args);
      await never();
    },
  })),
  reading(
    "is of no use once it was aborted",
    ["abort: ends read, and the next read gives a number"],
    (good, world) => {
      let spoilt = false;
      return async (queries, signal) => {
        if (spoilt) throw failure("aborted");
        // Under a stall every read is aborted, and nothing is read afterwards.
        spoilt = signal.aborted && !world.stalled;
        return good.read(queries, signal);
      };
    },
  ),
  reading(
    "waits for the backend, signal or not",
    ["abort: ends read while the backend does not answer"],
    (good, world) => (queries, signal) => (world.stalled ? never() : good.read(queries, signal)),
  ),
  other(
    "reads 0 where nothing is there",
    ["a backend that fails: is a failure when it cannot be reached"],
    (good, world, { down }) => ({
      ...good,
      read: async (queries, signal) =>
        down === true ? queries.map(() => zero(world.clock.now())) : good.read(queries, signal),
    }),
  ),
  reading(
    "reads 0 in an outage",
    ["a backend that fails: is a failure, not a number"],
    (good, world) => async (queries, signal) =>
      world.outage ? queries.map(() => zero(world.clock.now())) : good.read(queries, signal),
  ),
  reading(
    "throws what nobody can look up",
    ["a backend that fails: is a failure, not a number"],
    (good, world) => async (queries, signal) => {
      if (world.outage) throw new Error("ECONNREFUSED");
      return good.read(queries, signal);
    },
  ),
  reading(
    "never comes back",
    ["a backend that fails: is read again when it is back"],
    (good, world) => {
      let lost = false;
      return async (queries, signal) => {
        lost ||= world.outage;
        if (lost) throw failure("lost");
        return good.read(queries, signal);
      };
    },
  ),
  reading(
    "does not see a pause",
    ["a queue that is paused: is held, with the reason, and read again afterwards"],
    (good, world) => async (queries, signal) => {
      const results = await good.read(queries, signal);
      return results.map((result) => (result.kind === "hold" ? zero(world.clock.now()) : result));
    },
  ),
];

/** Faults of a metric with `watch`, for which a missing queue is a failure. */
export const watchingRows: readonly Row[] = [
  ...pluginRows,
  ...schemaRows,
  ...lifecycleRows,
  ...readRows,
  ...callRows,
  ...secretRows,
];

/** Faults of a metric without `watch`, for which a missing queue is empty. */
export const pollingRows: readonly Row[] = [
  other("has watch all the same", ["lifecycle: has no watch, as declared"], (good) => good),
  other(
    "takes a missing queue for a failure",
    [
      "read: gives zero for a queue that does not exist, and the others' numbers",
      "read: gives zero for a list that does not exist, and the others' numbers",
    ],
    ({ read, close }) => ({
      close,
      read: async (queries, signal) => {
        const results = await read(queries, signal);
        return results.map((result, index): ReadingResult =>
          queries[index]?.query.queue === "nowhere"
            ? { kind: "failure", error: failure("no such queue") }
            : result,
        );
      },
    }),
  ),
];
