/** What happens, in the order of its time; what is due at the same time in the order in which it was planned. */
export interface Timeline {
  /** Milliseconds since the world began. */
  now(): number;
  /** @param at a time that has passed means now */
  plan(at: number, happen: () => void): void;
  /** Lets everything happen that is due until then. */
  run(until: number): void;
  /** How much is planned. */
  size(): number;
}

/** Steps in a millisecond. */
const GRID = 64;

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** A timeline on which nothing is planned: a binary heap. */
export function createTimeline(): Timeline {
  const heap: Entry[] = [];
  let now = 0;
  let order = 0;

  const isBefore = (a: Entry, b: Entry): boolean =>
    a.at < b.at || (a.at === b.at && a.order < b.order);

  function plan(at: number, happen: () => void): void {
    if (at === Number.POSITIVE_INFINITY) return;
    // On a grid, so that sums and differences of times are exact.
    const entry = { at: Math.max(Math.ceil(at * GRID) / GRID, now), order: order++, happen };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (isBefore(heap[parent]!, entry)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  function takeFirst(): Entry {
    const first = heap[0]!;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }

  return {
    now: () => now,
    plan,
    run(until) {
      while (heap.length > 0 && heap[0]!.at <= until) {
        const { at, happen } = takeFirst();
        now = at;
        happen();
      }
      now = until;
    },
    size: () => heap.length,
  };
}
