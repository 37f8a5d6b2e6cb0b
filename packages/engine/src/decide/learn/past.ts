/** Recent numbers of instances: times in milliseconds since the epoch, alternating with the number from that time on; oldest first. */
export type Past = readonly number[];

/** How far back the numbers are kept, in milliseconds. */
const KEPT_MS = 40_000;

/** Adds how many instances run at `at`, if their number has changed. */
export function notePast(past: Past, at: number, running: number): Past {
  const { length } = past;
  if (past[length - 1] === running) return past;
  let first = 0;
  // The last change before the kept time is still needed.
  while (first + 2 < length && past[first + 2]! <= at - KEPT_MS) first += 2;
  return past.slice(first).concat(at, running);
}

/** Whether the number of instances has changed after `since`, in milliseconds since the epoch. */
export function hasChangedSince(past: Past, since: number): boolean {
  return past.length > 2 && past[past.length - 2]! > since;
}

/** How many instances ran at `at`, in milliseconds since the epoch. Before the first entry, its number. */
export function instancesAt(past: Past, at: number): number {
  return past[indexAt(past, at) + 1]!;
}

function indexAt(past: Past, at: number): number {
  let i = past.length - 2;
  while (i > 0 && past[i]! > at) i -= 2;
  return i;
}

/** The state of a queue at one time. */
export interface Earlier {
  /** The time, in milliseconds since the epoch. */
  readonly at: number;
  /** The number of waiting jobs. */
  readonly waiting: number;
}

/** Predicts how many jobs wait at `until`, in milliseconds since the epoch, from an earlier time. Rates are in jobs per second. */
export function waitingBy(
  past: Past,
  { at, waiting }: Earlier,
  until: number,
  { arrivalRate, serviceRate }: { readonly arrivalRate: number; readonly serviceRate: number },
): number {
  let left = waiting;
  let from = at;
  for (let i = indexAt(past, at); i < past.length; i += 2) {
    const to = i + 2 < past.length ? past[i + 2]! : until;
    const drift = arrivalRate - serviceRate * past[i + 1]!;
    left = Math.max(0, left + (drift * (to - from)) / 1000);
    from = to;
  }
  return left;
}
