import { YOUNG_MS } from "@microscaling/core";
import type { Slot } from "./board.ts";

/** Back-off after failures, in milliseconds: doubles from the first to the last. */
const FAILURE_MS: readonly [number, number] = [500, 60_000];
const BUSY_MS: readonly [number, number] = [250, 5000];
const CRASH_MS: readonly [number, number] = [1000, 300_000];
/** So many failures, or crashes, in a row and the task claims no more capacity than it has. */
const HELD_AFTER = 3;

/** What one task's attempts to grow have come to. */
export interface Attempts {
  /** Failed calls in a row, and answers that the backend is busy. */
  failures: number;
  busy: number;
  /** Nothing is asked before this time. */
  retryAt: number;
  /** The plugin's running total of crashes when last seen, and how many observations in a row showed more. */
  crashed: number | undefined;
  crashes: number;
  crashedAt: number;
  /** No growth before this time, and one instance after it. */
  heldUntil: number;
  probing: boolean;
  /** Why the task cannot be run yet; `undefined` once it is prepared. */
  unprepared: string | undefined;
}

/** Nothing tried yet. */
export function noAttempts(unprepared: string | undefined): Attempts {
  return {
    failures: 0,
    busy: 0,
    retryAt: 0,
    crashed: undefined,
    crashes: 0,
    crashedAt: 0,
    heldUntil: 0,
    probing: false,
    unprepared,
  };
}

/**
 * Doubling back-off with jitter: half of it fixed, half by chance, so that tasks that failed together do not return together. A formula
 * and no retry library, since nothing is retried: the newest wish is asked for when the time has come.
 */
function backOff(
  times: number,
  [first, last]: readonly [number, number],
  random: () => number,
): number {
  const full = Math.min(last, first * 2 ** Math.min(times - 1, 20));
  return (full * (1 + random())) / 2;
}

/** Takes note of a failed call. */
export function noteFailure(attempts: Attempts, now: number, random: () => number): void {
  attempts.failures++;
  attempts.retryAt = now + backOff(attempts.failures, FAILURE_MS, random);
}

/** Takes note that the backend was busy: not a failure. */
export function noteBusy(
  attempts: Attempts,
  now: number,
  retryAfterMs: number | undefined,
  random: () => number,
): void {
  attempts.busy++;
  attempts.retryAt = now + (retryAfterMs ?? backOff(attempts.busy, BUSY_MS, random));
}

/** Takes note that a call was accepted. */
export function noteAccepted(attempts: Attempts): void {
  attempts.failures = 0;
  attempts.busy = 0;
  attempts.retryAt = 0;
}

/** Takes note of fresh counts: instances that died young since the last ones make a crash loop in the end. */
export function noteCounts(
  attempts: Attempts,
  crashed: number | undefined,
  now: number,
  random: () => number,
): void {
  const before = attempts.crashed;
  attempts.crashed = crashed;
  if (before === undefined || crashed === undefined || crashed <= before) return;
  attempts.crashes++;
  attempts.crashedAt = now;
  attempts.probing = false;
  if (attempts.crashes < HELD_AFTER) return;
  attempts.heldUntil = now + backOff(attempts.crashes - HELD_AFTER + 1, CRASH_MS, random);
}

/**
 * Says on the slot how much the task may grow by now.
 * @param replaces the backend itself replaces instances that end
 */
export function limitGrowth(slot: Slot, attempts: Attempts, now: number, replaces: boolean): void {
  const [growth, reason] = growthOf(slot, attempts, now, replaces);
  slot.growth = growth;
  slot.growthReason = reason;
}

function growthOf(
  slot: Slot,
  attempts: Attempts,
  now: number,
  replaces: boolean,
): [growth: number, reason: string] {
  if (attempts.unprepared !== undefined) return [0, attempts.unprepared];
  if (attempts.crashes >= HELD_AFTER) {
    const survived = now > Math.max(attempts.crashedAt, attempts.heldUntil) + YOUNG_MS;
    if (survived && (slot.counts?.running ?? 0) > 0) {
      attempts.crashes = 0;
      return [Number.POSITIVE_INFINITY, ""];
    }
    // The backend's own attempts are the probes: one more with each of them would add up.
    const tries = replaces && (slot.counts?.requested ?? 0) > 0;
    const how = tries ? "no more until they live" : "trying again one at a time";
    const reason = `crash loop, ${how}: ${slot.counts?.lastCrash ?? "instances end at once"}`;
    return [tries || now < attempts.heldUntil || attempts.probing ? 0 : 1, reason];
  }
  // The first failures keep the task's claim, so that what was taken for it is not handed back and taken again.
  if (attempts.failures >= HELD_AFTER) {
    return [
      now < attempts.retryAt ? 0 : 1,
      `backing off: ${slot.schedulerProblem ?? "the scheduler failed"}`,
    ];
  }
  if (attempts.crashes > 0 && now > attempts.crashedAt + YOUNG_MS) attempts.crashes = 0;
  return [Number.POSITIVE_INFINITY, ""];
}
