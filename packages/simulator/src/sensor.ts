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
  const underWay: { readonly seen: Seen; readonly at: number }[] = [];
  return {
    read(now) {
      underWay.push({ seen: look(spec.shows, plant), at: now });
      while (underWay.length > 1 && underWay[1]!.at <= now - spec.delaySeconds) underWay.shift();
      return spec.loss > 0 && random() < spec.loss ? undefined : underWay[0]!.seen;
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
