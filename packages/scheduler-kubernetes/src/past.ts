import type { Clock } from "@microscaling/core";

import type { ScaledObject } from "./scaled-object.ts";
import type { Selector } from "./selector.ts";

/**
 * Remembers earlier states of objects, because pods may exist that the newest state does not show: pods that a controller still creates for a number
 * that was requested a moment ago, pods that stop unseen, and pods whose object was deleted or now selects other pods.
 */
export interface Past {
  /** Records an object that the watch reported. `isBehind`: the object does not show the result of an answered request yet. */
  saw(
    key: string,
    now: ScaledObject | undefined,
    before: ScaledObject | undefined,
    isBehind: boolean,
  ): void;
  /** Records that a request has replaced `wanted`. The controller may still be working on `wanted`. */
  replaced(key: string, wanted: number): void;
  /** The highest number that the controller may still be working on; 0 if it has seen the newest number. */
  peak(key: string): number;
  /** The number of pods that began to stop within the last grace period, and so may still exist. */
  leaving(key: string): number;
  /** The selector of pods that belonged to the object before, and may still exist. */
  former(key: string): Selector | undefined;
  /** Records that none of those pods exists any more. */
  forgetFormer(key: string): void;
}

/** The longest time from the end of its grace period until a pod is gone, in milliseconds, unless its node has problems. */
export const MARGIN_MS = 10_000;

interface Departure {
  readonly count: number;
  /** By the monotonic clock, in milliseconds. */
  readonly until: number;
}

/** Creates an empty record. */
export function createPast(clock: Pick<Clock, "monotonic">): Past {
  const peaks = new Map<string, number>();
  const departures = new Map<string, readonly Departure[]>();
  const formers = new Map<string, Selector>();

  function notePeak(key: string, now: ScaledObject, before: ScaledObject | undefined): void {
    peaks.set(key, Math.max(peaks.get(key) ?? 0, before?.wanted ?? 0, now.wanted));
  }

  function departing(key: string): readonly Departure[] {
    return (departures.get(key) ?? []).filter(({ until }) => until > clock.monotonic());
  }

  function depart(key: string, count: number, graceMs: number): void {
    const until = clock.monotonic() + graceMs + MARGIN_MS;
    departures.set(key, [...departing(key), { count, until }]);
  }

  return {
    saw(key, now, before, isBehind) {
      if (before?.selector !== undefined && before.selector.text !== now?.selector?.text)
        formers.set(key, before.selector);
      if (now !== undefined && (isBehind || !now.settled)) notePeak(key, now, before);
      else peaks.delete(key);
      const fell = (before?.present ?? 0) - (now?.present ?? 0);
      if (before !== undefined && fell > 0) depart(key, fell, before.graceMs);
    },
    replaced(key, wanted) {
      peaks.set(key, Math.max(peaks.get(key) ?? 0, wanted));
    },
    peak: (key) => peaks.get(key) ?? 0,
    leaving(key) {
      if (!departures.has(key)) return 0;
      return departing(key).reduce((sum, { count }) => sum + count, 0);
    },
    former: (key) => formers.get(key),
    forgetFormer: (key) => void formers.delete(key),
  };
}
