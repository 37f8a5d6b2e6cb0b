import { randomLogNormal } from "d3-random";
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

/**
 * Draws log-normal numbers.
 * @param cv standard deviation over mean, > 0
 */
export function drawLogNormal(mean: number, cv: number, random: Random): () => number {
  // Of a log-normal with these parameters the mean and the coefficient of variation are as asked.
  const variance = Math.log(1 + cv * cv);
  return randomLogNormal.source(random)(Math.log(mean) - variance / 2, Math.sqrt(variance));
}
