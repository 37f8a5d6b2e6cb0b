import { YOUNG_MS, type Clock, type Counts } from "@microscaling/core";

import type { ToyOptions } from "./options.ts";

interface Instance {
  state: "starting" | "running" | "stopping" | "gone";
  /** When the instance was asked for, and later when it began to run; in milliseconds of the monotonic clock. */
  startedAt: number;
  /** Ends the delay that the instance waits for. */
  delay: AbortController;
}

/** The simulated instances of one task. */
export interface Instances {
  readonly counts: () => Counts;
  /** Adds an instance. Resolves when it runs, when its start has failed, or when it was stopped before that. */
  readonly start: (crashes: boolean) => Promise<"running" | "failed" | "stopped">;
  /** Adds this many instances that have been running for long. */
  readonly add: (instances: number) => void;
  /** Asks the newest instances that are not stopping yet to stop. */
  readonly stop: (instances: number) => void;
  /** Makes the newest running instance end by itself. */
  readonly crash: () => void;
  /** Removes all instances at once. */
  readonly clear: () => void;
}

/** Creates the instances of one task. Calls `changed` after every change of the counts. */
export function createInstances(options: ToyOptions, clock: Clock, changed: () => void): Instances {
  let instances: Instance[] = [];
  let crashed = 0;

  const among = (state: Instance["state"]): Instance[] =>
    instances.filter((instance) => instance.state === state);

  function remove(instance: Instance): void {
    instance.state = "gone";
    instances = instances.filter((other) => other !== instance);
    changed();
  }

  function end(instance: Instance): void {
    if (clock.monotonic() - instance.startedAt < YOUNG_MS) crashed += 1;
    remove(instance);
  }

  async function start(crashes: boolean): Promise<"running" | "failed" | "stopped"> {
    const instance: Instance = {
      state: "starting",
      startedAt: clock.monotonic(),
      delay: new AbortController(),
    };
    instances.push(instance);
    if (options.startDelayMs > 0) {
      changed();
      await waited(clock, options.startDelayMs, instance.delay.signal);
      // The instance may have been told to stop in the meantime.
      if (instance.state !== "starting") return "stopped";
    }
    if (options.failStarts) {
      remove(instance);
      return "failed";
    }
    instance.state = "running";
    instance.startedAt = clock.monotonic();
    changed();
    if (crashes) end(instance);
    return "running";
  }

  async function stopOne(instance: Instance): Promise<void> {
    instance.state = "stopping";
    instance.delay.abort();
    if (options.stopDelayMs > 0) {
      changed();
      instance.delay = new AbortController();
      await waited(clock, options.stopDelayMs, instance.delay.signal);
      if (instance.state !== "stopping") return;
    }
    remove(instance);
  }

  return {
    counts: () => {
      const running = among("running").length;
      const starting = among("starting").length;
      const counts = { running, starting, stopping: among("stopping").length };
      const requested = running + starting;
      if (crashed === 0) return { ...counts, requested };
      return { ...counts, requested, crashed, lastCrash: "ended by itself, as the test asked" };
    },
    start,
    add: (count) => {
      const startedAt = clock.monotonic() - YOUNG_MS;
      for (let index = 0; index < count; index += 1) {
        instances.push({ state: "running", startedAt, delay: new AbortController() });
      }
      changed();
    },
    stop: (count) => {
      const going = instances.filter((instance) => instance.state !== "stopping").toReversed();
      for (const instance of going.slice(0, count)) void stopOne(instance);
    },
    crash: () => {
      const newest = among("running").at(-1);
      if (newest !== undefined) end(newest);
    },
    clear: () => {
      for (const instance of instances) {
        instance.state = "gone";
        instance.delay.abort();
      }
      if (instances.length === 0) return;
      instances = [];
      changed();
    },
  };
}

// Ends with the delay or with the signal. The caller checks the state of the instance.
async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await clock.sleep(ms, signal).catch(() => {});
}
