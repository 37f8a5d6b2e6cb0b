/** How many instances there were lately: a time in milliseconds since the epoch and their number from then on, in turn; oldest first. */
export type Past = readonly number[];

/** How far back the numbers are remembered, in milliseconds. */
const KEPT_MS = 40_000;

/** Adds how many instances run at `at`, if their number has changed. */
export function notePast(past: Past, at: number, running: number): Past {
  const { length } = past;
  if (past[length - 1] === running) return past;
  let first = 0;
  // The last change before what is remembered is still needed.
  while (first + 2 < length && past[first + 2]! <= at - KEPT_MS) first += 2;
  return past.slice(first).concat(at, running);
}

/** How many instances ran at `at`, in milliseconds since the epoch. Before the first number: as many as that. */
export function instancesAt(past: Past, at: number): number {
  return past[indexAt(past, at) + 1]!;
}

function indexAt(past: Past, at: number): number {
  let i = past.length - 2;
  while (i > 0 && past[i]! > at) i -= 2;
  return i;
}

/** A queue as it was at one time. */
export interface Earlier {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** Jobs that waited. */
  readonly waiting: number;
}

/** How many jobs wait at `until`, in milliseconds since the epoch, as far as is known from an earlier time. Rates in jobs a second. */
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
