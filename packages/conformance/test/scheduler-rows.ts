import type { Counts } from "@microscaling/core";

import type { Faults, MemoryPlugin, MemoryScheduler, World } from "./memory-scheduler.ts";

/** One way to be broken, and exactly the tests that must fail by it. */
export interface Row extends Faults {
  readonly what: string;
  readonly fails: readonly string[];
}

export const plugin = (
  what: string,
  fails: readonly string[],
  change: Partial<MemoryPlugin>,
): Row => ({
  what,
  fails,
  plugin: (good) => ({ ...good, ...change }),
});

export const observing = (
  what: string,
  fails: readonly string[],
  change: (counts: Counts, world: World, task: string) => Counts,
): Row => ({
  what,
  fails,
  scheduler: (good, world) => ({
    ...good,
    observe: async (tasks, signal) => {
      const observed = await good.observe(tasks, signal);
      return new Map(
        [...observed].map(([task, counts]) => [task, change(counts as Counts, world, task)]),
      );
    },
  }),
});

export const scaling = (
  what: string,
  fails: readonly string[],
  scale: (good: MemoryScheduler, world: World) => MemoryScheduler["scale"],
): Row => ({
  what,
  fails,
  scheduler: (good, world) => ({ ...good, scale: scale(good, world) }),
});

export const other = (
  what: string,
  fails: readonly string[],
  scheduler: Faults["scheduler"],
): Row => ({
  what,
  fails,
  ...(scheduler === undefined ? {} : { scheduler }),
});

export function without<T, K extends keyof T>(whole: T, key: K): Omit<T, K> {
  const rest = { ...whole };
  delete rest[key];
  return rest;
}
