import type { Counts } from "@microscaling/core";

import {
  countsOf,
  failure,
  instancesOf,
  startOne,
  stopOne,
  type World,
} from "./memory-scheduler.ts";
import { LEAVES_NOTHING, never } from "./lifecycle-faults.ts";
import { checkRows } from "./scheduler-check-faults.ts";
import { observing, other, scaling, without, type Row } from "./scheduler-rows.ts";

const accepted = { status: "accepted" } as const;
const present = (world: World, task: string): number => countsOf(world, task).requested;

const scaleRows: Row[] = [
  scaling(
    "starts two at most",
    ["scale: starts as many as are asked for"],
    (good, world) => (task, instances, signal) =>
      good.scale(task, Math.min(instances, present(world, task.name) + 2), signal),
  ),
  scaling(
    "starts all again",
    ["scale: starts only those that are missing"],
    (good, world) => (task, instances, signal) => {
      const there = present(world, task.name);
      return good.scale(task, instances > there ? instances + there : instances, signal);
    },
  ),
  scaling(
    "stops all when there are too many",
    [
      "scale: stops only those that are too many",
      "scale: shows at once how many it has accepted, up and down",
      "abort: ends scale, and the next scale does as it is asked",
    ],
    (good, world) => (task, instances, signal) =>
      good.scale(task, instances < present(world, task.name) ? 0 : instances, signal),
  ),
  scaling(
    "keeps one",
    [
      "counts: never says less than there is while instances stop",
      "scale: stops all at 0",
      "instances that end: do not count as crashed when they were asked to stop",
      LEAVES_NOTHING,
    ],
    (good) => (task, instances, signal) => good.scale(task, Math.max(1, instances), signal),
  ),
  scaling(
    "replaces what is there",
    ["scale: changes nothing when asked for what there is"],
    (good, world) => async (task, instances, signal) => {
      if (instances !== present(world, task.name)) return good.scale(task, instances, signal);
      for (const instance of instancesOf(world, task.name)) {
        void stopOne(world, task.name, instance);
        void startOne(world, task);
      }
      return accepted;
    },
  ),
  scaling("scales one at a time", ["scale: scales several tasks side by side"], (good) => {
    let busy = false;
    return async (task, instances, signal) => {
      if (busy) return accepted;
      busy = true;
      return good.scale(task, instances, signal).finally(() => {
        busy = false;
      });
    };
  }),
  observing(
    "still requests what stops",
    ["scale: shows at once how many it has accepted, up and down"],
    (counts) => ({ ...counts, requested: counts.running + counts.starting + counts.stopping }),
  ),
];

const watchRows: Row[] = [
  other(
    "tells of nothing",
    [
      "watch: tells of instances that start and stop",
      "watch: tells of an instance that was killed from outside",
    ],
    (good) => ({
      ...good,
      watch: (_, signal) => good.watch({ changed() {}, failed() {} }, signal),
    }),
  ),
  other(
    "tells of its own changes alone",
    ["watch: tells of an instance that was killed from outside"],
    (good) => {
      let told: (() => void) | undefined;
      return {
        ...good,
        watch: (events, signal) => {
          told = () => events.changed();
          return good.watch({ changed() {}, failed() {} }, signal);
        },
        scale: (...args) => {
          told?.();
          return good.scale(...args);
        },
      };
    },
  ),
  other("watches for ever", ["watch: ends once its signal aborts"], (good) => ({
    ...good,
    watch: async (events, signal) => {
      await good.watch(events, signal);
      await never();
    },
  })),
];

const crashRows: Row[] = [
  observing(
    "believes that what it asked for runs",
    [
      "instances that end: are no longer counted when killed from outside",
      "instances that end: are made good by asking again",
    ],
    (() => {
      const most = new Map<string, number>();
      return (counts: Counts, world: World, task: string): Counts => {
        const there = instancesOf(world, task).some(({ state }) => state !== "running");
        const running = there ? counts.running : Math.max(counts.running, most.get(task) ?? 0);
        // What was asked to stop is seen to go; what goes by itself is not.
        most.set(task, there && counts.starting === 0 ? counts.requested : running);
        return { ...counts, running, requested: running + counts.starting };
      };
    })(),
  ),
  scaling(
    "starts each task once",
    ["instances that end: are made good by asking again"],
    (good, world) => {
      const most = new Map<string, number>();
      return async (task, instances, signal) => {
        const lost = present(world, task.name) < (most.get(task.name) ?? 0);
        if (lost && instances > 0) return accepted;
        most.set(task.name, instances);
        return good.scale(task, instances, signal);
      };
    },
  ),
  observing(
    "does not count crashes",
    ["instances that end: count as crashed when they end right after their start, with the reason"],
    (counts) => without(counts, "crashed"),
  ),
  observing(
    "does not say why it crashed",
    ["instances that end: count as crashed when they end right after their start, with the reason"],
    (counts) => without(counts, "lastCrash"),
  ),
  observing(
    "takes a stop for a crash",
    ["instances that end: do not count as crashed when they were asked to stop"],
    (counts, world, task) => ({
      ...counts,
      crashed: (counts.crashed ?? 0) + (world.instances.has(task) && counts.running === 0 ? 1 : 0),
      lastCrash: "gone",
    }),
  ),
];

const prepareRows: Row[] = [
  other(
    "prepares once",
    ["prepare: makes ready a task that can run, as often as it is asked"],
    (good) => {
      const prepared = new Set<string>();
      return {
        ...good,
        prepare: async (task, signal) => {
          if (prepared.has(task.name)) throw failure("prepared already");
          prepared.add(task.name);
          await good.prepare(task, signal);
        },
      };
    },
  ),
  other(
    "does not say which task",
    ["prepare: names the task that cannot be made ready"],
    (good) => ({
      ...good,
      prepare: (task, signal) => good.prepare({ ...task, name: "somebody" }, signal),
    }),
  ),
  other("prepares anything", ["prepare: names the task that cannot be made ready"], (good) => ({
    ...good,
    prepare: (task, signal) => good.prepare({ ...task, workload: {} }, signal),
  })),
  other("has endless capacity", ["capacity: is named amounts, each finite and from 0"], (good) => ({
    ...good,
    capacity: async () => ({ instances: Number.POSITIVE_INFINITY }),
  })),
];

const abortRows: Row[] = [
  other("checks for ever", ["abort: ends check"], (good) => ({
    ...good,
    check: (task, signal) => (signal.aborted ? never() : good.check(task, signal)),
  })),
  other("observes for ever", ["abort: ends observe"], (good, world) => ({
    ...good,
    observe: (tasks, signal) =>
      signal.aborted && !world.stalled ? never() : good.observe(tasks, signal),
  })),
  scaling(
    "keeps its lock when it is aborted",
    ["abort: ends scale, and the next scale does as it is asked"],
    (good) => {
      const locked = new Set<string>();
      return async (task, instances, signal) => {
        if (locked.has(task.name)) return { status: "busy", reason: "under way" };
        locked.add(task.name);
        const outcome = await good.scale(task, instances, signal);
        locked.delete(task.name);
        return outcome;
      };
    },
  ),
  other("prepares for ever", ["abort: ends prepare"], (good) => ({
    ...good,
    prepare: (task, signal) => (signal.aborted ? never() : good.prepare(task, signal)),
  })),
  other("measures for ever", ["abort: ends capacity"], (good) => ({
    ...good,
    capacity: (signal) => (signal.aborted ? never() : good.capacity(signal)),
  })),
  other(
    "waits for the backend, signal or not",
    ["abort: ends observe and scale while the backend does not answer"],
    (good, world) => ({
      ...good,
      observe: (tasks, signal) => (world.stalled ? never() : good.observe(tasks, signal)),
    }),
  ),
];

const outageRows: Row[] = [
  other(
    "sees 0 where nothing is there",
    ["a backend that fails: is an error of observe when it cannot be reached"],
    (good, world, { down }) => ({
      ...good,
      observe: async (tasks, signal) =>
        down === true
          ? new Map(tasks.map(({ name }) => [name, countsOf(world, name)]))
          : good.observe(tasks, signal),
    }),
  ),
  other(
    "sees 0 in an outage",
    ["a backend that fails: is an error of observe, not a count of 0"],
    (good, world) => ({
      ...good,
      observe: async (tasks, signal) =>
        world.outage
          ? new Map(tasks.map(({ name }) => [name, countsOf(world, name)]))
          : good.observe(tasks, signal),
    }),
  ),
  other(
    "throws what nobody can look up",
    ["a backend that fails: is an error of observe, not a count of 0"],
    (good, world) => ({
      ...good,
      observe: async (tasks, signal) => {
        if (world.outage) throw new Error("ECONNREFUSED");
        return good.observe(tasks, signal);
      },
    }),
  ),
  scaling(
    "accepts in an outage",
    ["a backend that fails: is an error of scale"],
    (good, world) => async (task, instances, signal) =>
      world.outage ? accepted : good.scale(task, instances, signal),
  ),
  other(
    "never comes back",
    ["a backend that fails: is used again when it is back"],
    (good, world) => {
      let lost = false;
      return {
        ...good,
        observe: async (tasks, signal) => {
          lost ||= world.outage;
          if (lost) throw failure("lost");
          return good.observe(tasks, signal);
        },
      };
    },
  ),
];

/** Faults of each call of a plugin that declares everything. */
export const callRows: readonly Row[] = [
  ...scaleRows,
  ...watchRows,
  ...crashRows,
  ...prepareRows,
  ...checkRows,
  ...abortRows,
  ...outageRows,
];
