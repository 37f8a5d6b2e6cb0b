import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A number in [0, 1). */
export type Random = () => number;

/**
 * Numbers that look random and are the same for the same seed and purpose, whoever asks first.
 * @param seed a whole number
 * @param purpose what they are for: streams of other purposes are independent of this one
 */
export function seeded(seed: number, purpose: string): Random {
  let hash = seed | 0;
  for (const letter of purpose) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) + 1;
  const generator = xoroshiro128plus(hash);
  // The first numbers of seeds that are close are close, too.
  for (let i = 0; i < 8; i++) generator.next();
  return () => uniformFloat64(generator);
}
