// How controllers compare in the elasticity metrics of the SPEC Research Group, all of one plant.
import type { Cell } from "./summary.ts";

const TERMS = ["thetaU", "thetaO", "tauU", "tauO"] as const;
const COMPARED = [...TERMS, "upsilon", "late"] as const;
/** In percent: below it a term counts as this, or one that is almost 0 would decide alone. */
const LEAST = 0.1;

/** Three numbers that sum up the others. */
export interface Compared {
  /** Elastic speedup against a baseline: the geometric mean of how much smaller θ_U, θ_O, τ_U, τ_O are. Above 1 is better. */
  readonly epsilon: number;
  /** Auto-scaling deviation: distance from the ideal zero over all six, as a norm of order 6, in percent. */
  readonly sigma: number;
  /** Pairwise competition: part of the comparisons of the six with each opponent that are won, ties half; in percent. */
  readonly kappa: number;
}

/** Compares one with a baseline and with all. */
export function compare(cell: Cell, baseline: Cell, all: readonly Cell[]): Compared {
  const speedups = TERMS.map(
    (term) => Math.max(LEAST, baseline[term]) / Math.max(LEAST, cell[term]),
  );
  const opponents = all.filter((other) => other !== cell);
  const won = opponents.flatMap((other) =>
    COMPARED.map((term) => (cell[term] < other[term] ? 1 : cell[term] === other[term] ? 0.5 : 0)),
  );
  const power = COMPARED.length;
  return {
    epsilon: speedups.reduce((product, ratio) => product * ratio, 1) ** (1 / TERMS.length),
    sigma: COMPARED.reduce((sum, term) => sum + cell[term] ** power, 0) ** (1 / power),
    kappa: (100 * won.reduce<number>((sum, one) => sum + one, 0)) / won.length,
  };
}
