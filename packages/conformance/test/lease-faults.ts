import type { Lease } from "@microscaling/core";

import { never } from "./lifecycle-faults.ts";
import type { MemoryScheduler, World } from "./memory-scheduler.ts";
import { other, without, type Row } from "./scheduler-rows.ts";

const ALL = [
  "is nothing before it is written",
  "shows to all what one has written",
  "is apart from one of another name",
  "is made by one of two who found nothing",
  "is changed by one of two who found the same",
  "is another version after every renewal",
  "is given back and taken by another",
  "ends read and write when their signal aborts",
  "is an error during an outage, and neither nothing nor another's",
  "ends read and write also while the backend does not answer",
];
const lease = (tests: readonly string[]): string[] => tests.map((test) => `lease: ${test}`);

/** A plugin whose leases are good but for what `change` says. */
const leasing = (
  what: string,
  fails: readonly string[],
  change: (good: Lease, world: World, name: string) => Partial<Lease>,
): Row =>
  other(what, lease(fails), (good, world) => ({
    ...good,
    lease(name) {
      const made = good.lease(name);
      return { ...made, ...change(made, world, name) };
    },
  }));

/** Each scheduler has leases of its own. */
function keepsToItself(good: MemoryScheduler): MemoryScheduler {
  const own = `${Math.random()}`;
  return { ...good, lease: (name) => good.lease(`${own} ${name}`) };
}

/** Each scheduler has one lease. */
function hasOne(good: MemoryScheduler): MemoryScheduler {
  let first: string | undefined;
  return { ...good, lease: (name) => good.lease((first ??= name)) };
}

/** Faults of the leases of a plugin that declares everything. */
export const leaseRows: readonly Row[] = [
  other("lacks lease", ["lifecycle: has lease, as declared", ...lease(ALL)], (good) =>
    without(good, "lease"),
  ),
  other("keeps leases to itself", lease([ALL[1]!, ...ALL.slice(3, 7)]), keepsToItself),
  other("has one lease whatever the name", lease([ALL[2]!]), hasOne),
  leasing("has leases that nobody made", [ALL[0]!, ALL[2]!], (good) => ({
    read: async (signal) =>
      (await good.read(signal)) ?? { holder: "", durationMs: 15_000, version: "0" },
  })),
  leasing("makes a lease twice", [ALL[3]!], (good, world, name) => ({
    write: async (claim, over, signal) =>
      (await good.write(claim, over, signal)) ??
      (over === undefined ? good.write(claim, world.leases.get(name)?.version, signal) : undefined),
  })),
  leasing("writes over what has changed", [ALL[4]!], (good, world, name) => ({
    write: async (claim, over, signal) =>
      (await good.write(claim, over, signal)) ??
      (over === undefined ? undefined : good.write(claim, world.leases.get(name)?.version, signal)),
  })),
  leasing("renews without a trace", [ALL[5]!], (good, world, name) => ({
    async write(claim, over, signal) {
      const had = world.leases.get(name);
      const written = await good.write(claim, over, signal);
      if (written === undefined || had?.holder !== claim.holder) return written;
      world.leases.set(name, had);
      return had;
    },
  })),
  leasing("gives nothing back", [ALL[6]!], (good, world, name) => ({
    write(claim, over, signal) {
      const holder = claim.holder === "" ? (world.leases.get(name)?.holder ?? "") : claim.holder;
      return good.write({ ...claim, holder }, over, signal);
    },
  })),
  leasing("reads for ever", [ALL[7]!], (good, world) => ({
    read: (signal) => (signal.aborted && !world.stalled ? never() : good.read(signal)),
  })),
  leasing("sees nothing in an outage", [ALL[8]!], (good, world) => ({
    read: async (signal) => (world.outage ? undefined : good.read(signal)),
  })),
  leasing("takes a lease in an outage", [ALL[8]!], (good, world) => ({
    write: async (claim, over, signal) =>
      world.outage ? { ...claim, version: "1" } : good.write(claim, over, signal),
  })),
  leasing("waits for the backend, signal or not", [ALL[9]!], (good, world) => ({
    write: (claim, over, signal) => (world.stalled ? never() : good.write(claim, over, signal)),
  })),
];
