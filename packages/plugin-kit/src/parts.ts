import type { ReadingParts } from "@microscaling/core";

const PARTS = ["ready", "inFlight", "delayed", "arrived", "finished"] as const;

/** Parts, of which any may be unknown. */
export type SomeParts = { readonly [Part in keyof ReadingParts]?: number | undefined };

/** Adds up each part that all readings have, for a queue on several servers. */
export function sumParts(all: readonly SomeParts[]): ReadingParts {
  const sums: [string, number][] = [];
  for (const part of PARTS) {
    let sum: number | undefined = all.length === 0 ? undefined : 0;
    for (const { [part]: count } of all)
      sum = sum === undefined || count === undefined ? undefined : sum + count;
    if (sum !== undefined) sums.push([part, sum]);
  }
  return Object.fromEntries(sums);
}
