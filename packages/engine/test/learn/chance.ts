import { createRandom, type Random } from "../../torture/random.ts";

/** Random numbers that are the same in every run. */
export function seeded(seed: number): Random {
  return createRandom(seed, "test");
}

/** Exponential, of mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random.next());
}

/** How many come of a Poisson process in a time in which `mean` come on average. */
export function poisson(mean: number, random: Random): number {
  let count = 0;
  for (let at = exponential(random); at < mean; at += exponential(random)) count++;
  return count;
}
