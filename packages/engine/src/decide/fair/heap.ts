/** A binary heap whose least item is on top. */
export interface Heap<Item> {
  /** The least item; `undefined` when there is none. */
  top(): Item | undefined;
  dropTop(): void;
  /** To be called when the least item has become greater. */
  sinkTop(): void;
}

/** Makes a heap of `items`, ordered by `compare`. */
export function createHeap<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Heap<Item> {
  const heap = items.slice();
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(at);

  function sink(from: number): void {
    const item = heap[from]!;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) < 0) child++;
      if (compare(item, heap[child]!) <= 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = item;
  }

  return {
    top: () => heap[0],
    dropTop() {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
      sink(0);
    },
    sinkTop: () => sink(0),
  };
}
