import type { Clock } from "@microscaling/core";

import type { ScaledObject } from "./scaled-object.ts";
import type { Selector } from "./selector.ts";

/**
 * What is remembered of objects, because pods may exist that the newest word does not show: those that a controller still makes for a
 * number that was wanted a moment ago, those that stop out of sight, and those whose object is gone or selects others now.
 */
export interface Past {
  /** The watch told of an object. `isBehind`: a request was answered that this does not show yet. */
  saw(
    key: string,
    now: ScaledObject | undefined,
    before: ScaledObject | undefined,
    isBehind: boolean,
  ): void;
  /** A request has replaced `wanted`, which its controller may still be at work on. */
  replaced(key: string, wanted: number): void;
  /** The highest number that its controller may still be at work on; 0 when it has seen the newest one. */
  peak(key: string): number;
  /** How many pods have begun to stop within their grace period: so many may still exist. */
  leaving(key: string): number;
  /** Which pods were its own before, and may still exist. */
  former(key: string): Selector | undefined;
  /** None of those pods is left. */
  forgetFormer(key: string): void;
}

/** A pod is gone so long after its grace period at the latest, in milliseconds, unless its node is in trouble. */
export const MARGIN_MS = 10_000;

interface Departure {
  readonly count: number;
  /** By the monotonic clock, in milliseconds. */
  readonly until: number;
}

/** Remembers nothing yet. */
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
