/** A queue's numbers, by SQS's names for them. */
export type Counts = Readonly<Record<string, number>>;

/** When to ask a queue again, since every request is billed. All times are monotonic milliseconds. */
export interface Pace {
  /** Whether SQS wants the queue to be left alone. */
  isQuiet(now: number): boolean;
  /** Whether the newest answer is no longer good enough. */
  isDue(now: number): boolean;
  answered(counts: Counts, now: number): void;
  /** SQS wants to be asked less often. */
  throttled(now: number): void;
}

/** Timers and clocks are not exact; a queue does not wait for one interval more because of that. */
const SLACK_MS = 30;
const FIRST_BACK_OFF_MS = 1000;
const LAST_BACK_OFF_MS = 60_000;

/**
 * A queue is due at every reading while its numbers move and for `idleMs` after that, and every `idleMs` while they stand still.
 * One that was throttled is left alone for a time that doubles, half of it by chance, so that those which were throttled together do not
 * come back together.
 * @param random a number from 0 to 1.
 */
export function createPace(idleMs: number, random: () => number = Math.random): Pace {
  let last: Counts | undefined;
  let askedAt = 0;
  let movedAt = 0;
  let quietUntil = Number.NEGATIVE_INFINITY;
  let throttles = 0;

  return {
    isQuiet: (now) => now < quietUntil,
    isDue(now) {
      const isMoving = askedAt - movedAt < idleMs;
      return isMoving || now - askedAt >= idleMs - SLACK_MS;
    },
    answered(counts, now) {
      if (last === undefined || hasMoved(last, counts)) movedAt = now;
      last = counts;
      askedAt = now;
      throttles = 0;
    },
    throttled(now) {
      const full = Math.min(LAST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(throttles, 20));
      quietUntil = now + (full * (1 + random())) / 2;
      throttles++;
    },
  };
}

function hasMoved(before: Counts, after: Counts): boolean {
  return Object.entries(after).some(([name, count]) => before[name] !== count);
}
