import type { ReadingParts } from "@microscaling/core";
import type { Plant } from "./plant.ts";
import type { Random } from "./random.ts";

/** What a metric shows of a queue. */
export interface SignalSpec {
  /** `length`: how many wait. `inFlight`: also how many are at work. `totals`: also how many ever arrived and were finished. */
  readonly shows: "length" | "inFlight" | "totals";
  /** How old what it shows is, in seconds; rounded down to a whole number of ticks. */
  readonly delaySeconds: number;
  /** How many of the readings fail, in [0, 1). */
  readonly loss: number;
  /** How often the counts are taken, in seconds; between, the last ones are shown. Default: for every reading. */
  readonly refreshSeconds?: number;
  /** How many of the readings repeat the one before instead, in [0, 1), as approximate counts do. Default: 0. */
  readonly repeats?: number;
}

/** A reading. */
export interface Seen {
  readonly value: number;
  readonly parts: ReadingParts;
}

/** Reads a plant. */
export interface Sensor {
  /** @returns what is seen at this time, in seconds; nothing when the reading failed. Once for every tick. */
  read(now: number): Seen | undefined;
}

/** A sensor for this plant. */
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
