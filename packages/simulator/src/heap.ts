/** A binary heap of numbers, the least first. Own code, since the libraries' heaps compare objects through a function: four times slower. */
export interface Heap {
  readonly size: () => number;
  /** The least; `Infinity` when empty. */
  readonly least: () => number;
  readonly push: (value: number) => void;
  /** Takes the least away. */
  readonly pop: () => void;
  /** Puts `value` in the place of the least. */
  readonly replace: (value: number) => void;
}

/** An empty heap. */
export function createHeap(): Heap {
  let values = new Float64Array(64);
  let size = 0;

  function sink(value: number): void {
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && values[child + 1]! < values[child]!) child++;
      if (values[child]! >= value) break;
      values[i] = values[child]!;
      i = child;
    }
    values[i] = value;
  }

  return {
    size: () => size,
    least: () => (size === 0 ? Number.POSITIVE_INFINITY : values[0]!),
    push(value) {
      if (size === values.length) {
        const larger = new Float64Array(2 * size);
        larger.set(values);
        values = larger;
      }
      let i = size++;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if (values[parent]! <= value) break;
        values[i] = values[parent]!;
        i = parent;
      }
      values[i] = value;
    },
    pop() {
      size--;
      if (size > 0) sink(values[size]!);
    },
    replace: sink,
  };
}
