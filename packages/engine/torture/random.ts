/** Numbers that look random and are the same for the same seed and purpose. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  between(from: number, to: number): number;
  /** From `from` to `to`, each order of magnitude as likely as the next. `from` > 0. */
  log(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/**
 * A stream of random numbers: sfc32.
 * @param purpose what they are for; streams of other purposes are independent, so that leaving out one fault does not change the rest
 */
export function createRandom(seed: number, purpose: string): Random {
  let hash = seed | 0;
  for (const letter of purpose) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) + 1;
  let a = 0x9e3779b9;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = hash;
  let counter = 1;

  function next(): number {
    const t = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return (t >>> 0) / 2 ** 32;
  }
  // The first numbers of seeds that are close are close, too.
  for (let i = 0; i < 12; i++) next();

  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    between: (from, to) => from + next() * (to - from),
    log: (from, to) => from * (to / from) ** next(),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)]!,
  };
}
