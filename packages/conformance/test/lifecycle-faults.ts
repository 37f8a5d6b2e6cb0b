/** Faults of opening and closing that a scheduler and a metric can have alike. */

interface Closable {
  readonly close: () => Promise<void>;
}

export const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Never closes unless `method` was called before. */
export function closesOnlyWhatWasUsed<Args extends readonly unknown[], Answer>(
  good: Closable,
  call: (...args: Args) => Answer,
): { call: (...args: Args) => Answer; close: () => Promise<void> } {
  let used = false;
  return {
    call: (...args) => {
      used = true;
      return call(...args);
    },
    close: () => (used ? good.close() : never()),
  };
}

/** Fails the second time. */
export function closesOnce<Whole extends Closable>(good: Whole): Whole {
  let closed = false;
  return {
    ...good,
    close: async () => {
      if (closed) throw new Error("closed already");
      closed = true;
    },
  };
}

/** Cannot be made without its backend. */
export function connectsWhenMade<Whole>(good: Whole, down: boolean | undefined): Whole {
  if (down === true) throw new Error("cannot connect");
  return good;
}
