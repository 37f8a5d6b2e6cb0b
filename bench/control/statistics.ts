// Statistics of paired runs. Own code, since what is on npm for signed ranks has no exact p-value where there are ties, and the same
// late share (none at all) of two controllers is a tie that happens here all the time. Each is a page, and tested against known values.
import { seeded } from "@microscaling/simulator";

const EXACT_UP_TO = 100;

/**
 * Wilcoxon's signed-rank test, two-sided: how likely differences at least as lopsided are by chance when neither side is better. Pairs
 * without a difference are left out; ties share their mean rank. Exact, given the ranks, up to 100 pairs; above by the normal
 * approximation with corrections for ties and continuity.
 * @returns a probability in (0, 1]; 1 when all pairs are equal
 */
export function wilcoxon(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, i) => value - b[i]!).filter((difference) => difference !== 0);
  if (differences.length === 0) return 1;
  // Twice the ranks, so that the mean of two neighbours is whole.
  const doubled = doubledRanks(differences.map((difference) => Math.abs(difference)));
  const positive = doubled.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0);
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const smaller = Math.min(positive, total - positive);
  return differences.length <= EXACT_UP_TO
    ? Math.min(1, 2 * exactTail(doubled, smaller))
    : normalP(doubled, smaller);
}

function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).toSorted((i, j) => values[i]! - values[j]!);
  const ranks: number[] = [];
  let from = 0;
  while (from < order.length) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let i = from; i <= to; i++) ranks[order[i]!] = from + to + 2;
    from = to + 1;
  }
  return ranks;
}

/** The part of all 2ⁿ ways to give the ranks a sign in which the positive ones sum up to no more than this. */
function exactTail(ranks: readonly number[], sum: number): number {
  const chance = new Float64Array(sum + 1);
  chance[0] = 1;
  for (const rank of ranks) {
    for (let s = sum; s >= 0; s--)
      chance[s] = (chance[s]! + (s >= rank ? chance[s - rank]! : 0)) / 2;
  }
  return chance.reduce((all, one) => all + one, 0);
}

function normalP(doubled: readonly number[], smaller: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const variance = doubled.reduce((sum, rank) => sum + (rank * rank) / 4, 0);
  const z = (smaller - total / 2 + 1) / Math.sqrt(variance);
  return Math.min(1, 2 * normalBelow(z));
}

/** The standard normal distribution: Abramowitz and Stegun 7.1.26, with an error of at most 1.5e-7. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const tail = (series * Math.exp(-x * x)) / 2;
  return z < 0 ? tail : 1 - tail;
}

/** Vargha and Delaney's A₁₂: the chance that one of `b` is larger than one of `a`, ties counted half. 0.5: no difference; 1: `a` always smaller. */
export function a12(a: readonly number[], b: readonly number[]): number {
  let smaller = 0;
  for (const x of a) for (const y of b) smaller += x < y ? 1 : x === y ? 0.5 : 0;
  return smaller / (a.length * b.length);
}

const RESAMPLES = 2000;

/** The 95 % interval of the median of the differences a − b, by bootstrap; the same for the same numbers. */
export function medianDifference(
  a: readonly number[],
  b: readonly number[],
): readonly [low: number, high: number] {
  const differences = a.map((value, i) => value - b[i]!);
  const random = seeded(differences.length, "bootstrap");
  const medians = Array.from({ length: RESAMPLES }, () =>
    medianOf(differences.map(() => differences[Math.floor(random() * differences.length)]!)),
  ).toSorted((x, y) => x - y);
  return [medians[Math.floor(0.025 * RESAMPLES)]!, medians[Math.ceil(0.975 * RESAMPLES) - 1]!];
}

/** The middle one, or the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Scenario theory: after `n` independent random scenarios, with confidence 1 − β, another is worse than the worst of them with a
 * probability of no more than this.
 */
export function scenarioBound(n: number, beta: number): number {
  return 1 - beta ** (1 / n);
}
