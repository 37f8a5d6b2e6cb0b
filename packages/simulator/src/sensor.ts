import type { ReadingParts } from "@microscaling/core";
import type { Plant } from "./plant.ts";
import type { Random } from "./random.ts";

/** What a metric shows of a queue, and how well. */
export interface SignalSpec {
  /** `length`: the waiting jobs. `inFlight`: also the jobs in progress. `totals`: also the totals of arrived and finished jobs. */
  readonly shows: "length" | "inFlight" | "totals";
  /** How old the readings are, in seconds; rounded down to a whole number of ticks. */
  readonly delaySeconds: number;
  /** The fraction of readings that fail, in [0, 1). */
  readonly loss: number;
  /** How often the counts are refreshed, in seconds. In between, the last counts are shown. Default: for every reading. */
  readonly refreshSeconds?: number;
  /** The fraction of readings that repeat the previous one, in [0, 1), as approximate counts do. Default: 0. */
  readonly repeats?: number;
}

/** A reading. */
export interface Seen {
  readonly value: number;
  readonly parts: ReadingParts;
}

/** Reads a plant. */
export interface Sensor {
  /** @returns the reading at this time (in seconds); `undefined` if it failed. Call it once for every tick. */
  read(now: number): Seen | undefined;
}

/** Creates a sensor for this plant. */
export function createSensor(spec: SignalSpec, plant: Plant, random: Random): Sensor {
  const { shows, delaySeconds, loss, refreshSeconds = 0, repeats = 0 } = spec;
  const underWay: { readonly seen: Seen; readonly at: number }[] = [];
  let last: Seen | undefined;
  const isDue = (now: number): boolean => {
    const newest = underWay.at(-1);
    return newest === undefined || now - newest.at >= refreshSeconds;
  };
  return {
    read(now) {
      if (isDue(now)) underWay.push({ seen: look(shows, plant), at: now });
      while (underWay.length > 1 && underWay[1]!.at <= now - delaySeconds) underWay.shift();
      if (last === undefined || repeats === 0 || random() >= repeats) last = underWay[0]!.seen;
      return loss > 0 && random() < loss ? undefined : last;
    },
  };
}

function look(shows: SignalSpec["shows"], plant: Plant): Seen {
  const ready = plant.waiting();
  if (shows === "length") return { value: ready, parts: { ready } };
  const inFlight = plant.inFlight();
  if (shows === "inFlight") return { value: ready, parts: { ready, inFlight } };
  return {
    value: ready,
    parts: { ready, inFlight, arrived: plant.arrived(), finished: plant.finished() },
  };
}
