import { PLUGIN } from "@microscaling/core";

import { leaseRows } from "./lease-faults.ts";
import {
  closesOnce,
  closesOnlyWhatWasUsed,
  connectsWhenMade,
  hastyWays,
  LEAVES_NOTHING,
  tellingWays,
  untidyWays,
} from "./lifecycle-faults.ts";
import { countsOf, PASSWORD } from "./memory-scheduler.ts";
import { brokenSchemas } from "./memory-schema.ts";
import { callRows } from "./scheduler-call-faults.ts";
import { observing, other, plugin, scaling, without, type Row } from "./scheduler-rows.ts";

const capabilities = {
  watch: true,
  prepare: true,
  capacity: true,
  outlivesAgent: true,
  replaces: false,
  check: true,
  lease: true,
};

const schemaRows: Row[] = (["options", "workload"] as const).flatMap((part) =>
  brokenSchemas().map(({ what, change, fails }) => ({
    what: `${part}: ${what}`,
    fails: fails.map((test) => `schema of ${part}: ${test}`),
    plugin: (good) => ({ ...good, [part]: change(good[part]) }),
  })),
);

const pluginRows: Row[] = [
  plugin("has another mark", ["plugin: carries the mark of its kind"], {
    [PLUGIN]: "metric" as "scheduler",
  }),
  plugin("is of another version", ["plugin: is made for this version of the contract"], {
    apiVersion: 0,
  }),
  plugin("has a long name", ["plugin: has a short name that can stand in a config"], {
    name: "My Scheduler",
  }),
  plugin("declares vaguely", ["plugin: declares every capability"], {
    capabilities: { ...capabilities, outlivesAgent: "mostly" as unknown as boolean },
  }),
];

const lifecycleRows: Row[] = [
  other(
    "lacks watch",
    [
      "lifecycle: has watch, as declared",
      "watch: tells of instances that start and stop",
      "watch: tells of an instance that was killed from outside",
    ],
    (good) => without(good, "watch"),
  ),
  other(
    "lacks prepare",
    ["lifecycle: has prepare, as declared", "prepare: names the task that cannot be made ready"],
    (good) => without(good, "prepare"),
  ),
  other(
    "lacks capacity",
    ["lifecycle: has capacity, as declared", "capacity: is named amounts, each finite and from 0"],
    (good) => without(good, "capacity"),
  ),
  other(
    "lacks check",
    [
      "lifecycle: has check, as declared",
      "check: finds no problem with a task that can run",
      "check: finds a problem with a task that cannot run, and says what to do",
      "check: fails, or finds a problem, while the backend is away",
    ],
    (good) => without(good, "check"),
  ),
  other(
    "closes only what was used",
    [
      "lifecycle: closes when it was never used",
      "lifecycle: is made and closed without its backend",
    ],
    (good) => {
      const { call, close } = closesOnlyWhatWasUsed(good, good.observe);
      return { ...good, observe: call, close };
    },
  ),
  other("closes once", ["lifecycle: closes twice"], closesOnce),
  other(
    "connects when it is made",
    [
      "lifecycle: is made and closed without its backend",
      "a backend that fails: is an error of observe when it cannot be reached",
    ],
    (good, _, { down }) => connectsWhenMade(good, down),
  ),
  other(
    "stops all when it closes",
    ["lifecycle: leaves instances running, and finds them again"],
    (good, world) => ({ ...good, close: async () => world.instances.clear() }),
  ),
  ...hastyWays.map(([what, work, ...more]) =>
    other(what, ["lifecycle: does no I/O when it is made", ...more], (good) => {
      work();
      return good;
    }),
  ),
  ...untidyWays.map(([what, work]) =>
    other(what, [LEAVES_NOTHING], (good, { clock }) => {
      let done = false;
      return {
        ...good,
        observe: (tasks, signal) => {
          if (!done) work(clock);
          done = true;
          return good.observe(tasks, signal);
        },
      };
    }),
  ),
];

const secretRows: Row[] = tellingWays.map(([what, tell]) =>
  other(what, ["secrets: are in no error and no log line"], (good, world) => ({
    ...good,
    observe: async (tasks, signal) => {
      try {
        return await good.observe(tasks, signal);
      } catch {
        throw tell("ERR_SCHEDULER_UNREACHABLE", PASSWORD, world.logger);
      }
    },
  })),
);

const countRows: Row[] = [
  other(
    "leaves out what it never scaled",
    ["counts: says 0 for a task that has no instances"],
    (good, world) => ({
      ...good,
      observe: async (tasks, signal) => {
        const observed = await good.observe(tasks, signal);
        return new Map([...observed].filter(([task]) => world.instances.has(task)));
      },
    }),
  ),
  other(
    "observes one task",
    ["counts: answers for every task that it is asked for, in one call"],
    (good) => ({
      ...good,
      observe: (tasks, signal) => good.observe(tasks.slice(0, 1), signal),
    }),
  ),
  other("observes everything", ["counts: answers for no other task"], (good, world) => ({
    ...good,
    observe: async (tasks, signal) => {
      const observed = await good.observe(tasks, signal);
      const all = [...world.instances.keys()].map((task) => [task, countsOf(world, task)] as const);
      return new Map([...all, ...observed]);
    },
  })),
  observing(
    "counts more unhealthy than run",
    ["counts: counts in whole numbers from 0"],
    (counts) => ({
      ...counts,
      unhealthy: counts.running + 1,
    }),
  ),
  observing("counts crashes in halves", ["counts: counts in whole numbers from 0"], (counts) => ({
    ...counts,
    crashed: (counts.crashed ?? 0) / 2 + (counts.running === 1 ? 0.5 : 0),
  })),
  observing(
    "does not see what starts",
    ["counts: never says less than there is while instances start"],
    (counts) => ({ ...counts, starting: 0 }),
  ),
  observing(
    "does not see what stops",
    ["counts: never says less than there is while instances stop"],
    (counts) => ({ ...counts, stopping: 0 }),
  ),
];

/** Faults of a plugin that declares everything. */
export const fullRows: readonly Row[] = [
  ...pluginRows,
  ...schemaRows,
  ...lifecycleRows,
  ...countRows,
  ...callRows,
  ...leaseRows,
  ...secretRows,
];

/** Faults of a plugin whose backend replaces instances. */
export const replacingRows: readonly Row[] = [
  other(
    "has a backend that does not",
    ["instances that end: come back by themselves when killed from outside"],
    (good, world) => ({
      ...good,
      scale: async (task, instances, signal) => {
        const outcome = await good.scale(task, instances, signal);
        world.wanted?.clear();
        return outcome;
      },
    }),
  ),
  scaling(
    "makes good what is being replaced",
    ["instances that end: do not come twice when asked for again meanwhile"],
    (good, world) => async (task, instances, signal) => {
      const again = world.wanted?.get(task.name) === instances;
      const starting = again ? countsOf(world, task.name).starting : 0;
      return good.scale(task, instances + starting, signal);
    },
  ),
];

/** Faults of a plugin that declares nothing beyond the least. */
export const leastRows: readonly Row[] = [
  other(
    "has watch all the same",
    ["lifecycle: has no watch, as declared"],
    ({ watch, ...good }) => {
      const { observe, scale, close } = good;
      return { observe, scale, close, watch };
    },
  ),
  other("has prepare all the same", ["lifecycle: has no prepare, as declared"], (good) => {
    const { observe, scale, close, prepare } = good;
    return { observe, scale, close, prepare };
  }),
  other("has leases all the same", ["lifecycle: has no lease, as declared"], (good) => {
    const { observe, scale, close, lease } = good;
    return { observe, scale, close, lease };
  }),
  other("has capacity all the same", ["lifecycle: has no capacity, as declared"], (good) => {
    const { observe, scale, close, capacity } = good;
    return { observe, scale, close, capacity };
  }),
  other("has check all the same", ["lifecycle: has no check, as declared"], (good) => {
    const { observe, scale, close, check } = good;
    return { observe, scale, close, check };
  }),
  other(
    "leaves them when it closes",
    ["lifecycle: stops every instance when it closes"],
    (good) => {
      const { observe, scale } = good;
      return { observe, scale, close: async () => {} };
    },
  ),
];
