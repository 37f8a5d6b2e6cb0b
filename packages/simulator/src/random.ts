import { randomLogNormal } from "d3-random";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Returns a number in [0, 1). */
export type Random = () => number;

/**
 * Pseudo-random numbers. The same seed and purpose give the same numbers, in whatever order streams are created.
 * @param seed a whole number
 * @param purpose the name of the stream. Streams with different names are independent
 */
export function seeded(seed: number, purpose: string): Random {
  let hash = seed | 0;
  for (const letter of purpose) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) + 1;
  const generator = xoroshiro128plus(hash);
  // Seeds that are close give first numbers that are close.
  for (let i = 0; i < 8; i++) generator.next();
  return () => uniformFloat64(generator);
}

/**
 * Draws log-normal numbers.
 * @param cv standard deviation divided by mean, > 0
 */
export function drawLogNormal(mean: number, cv: number, random: Random): () => number {
  // A log-normal distribution with these parameters has the given mean and coefficient of variation.
  const variance = Math.log(1 + cv * cv);
  return randomLogNormal.source(random)(Math.log(mean) - variance / 2, Math.sqrt(variance));
}
