import { describe, expect, test } from "vitest";
import { a12, medianDifference, medianOf, scenarioBound, wilcoxon } from "../statistics.ts";

/** The p of so many pairs of which somewhat more differ to one side. */
function lopsided(pairs: number): number {
  const a = Array.from({ length: pairs }, (_, i) => ((i * 37) % pairs) - pairs * 0.42);
  return wilcoxon(
    a,
    a.map(() => 0),
  );
}

describe("wilcoxon", () => {
  // Charles Darwin's maize, crossed against self-fertilized, in eighths of an inch (The Effects of Cross and Self Fertilisation, 1876).
  const darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
  const zeros = darwin.map(() => 0);

  test("is exact: the smaller rank sum of Darwin's maize is 24 of 120, which 673 of the 2^14 halves reach", () => {
    // Counted one by one, which is what the recursion must come to.
    let reached = 0;
    for (let signs = 0; signs < 2 ** 15; signs++) {
      let sum = 0;
      for (let rank = 1; rank <= 15; rank++) if (signs & (1 << (rank - 1))) sum += rank;
      if (sum <= 24) reached++;
    }
    expect(wilcoxon(darwin, zeros)).toBeCloseTo((2 * reached) / 2 ** 15, 12);
    expect(wilcoxon(darwin, zeros)).toBeCloseTo(0.04126, 5);
  });

  test("knows how sure five pairs can be at the most", () => {
    expect(wilcoxon([1, 2, 3, 4, 5], [0, 0, 0, 0, 0])).toBeCloseTo(2 / 32, 12);
  });

  test("shares the ranks of ties: with three equal differences the two-sided p is 1/4", () => {
    expect(wilcoxon([1, 1, 1], [0, 0, 0])).toBeCloseTo(0.25, 12);
  });

  test("says nothing of pairs that are equal", () => {
    expect(wilcoxon([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(wilcoxon([1, 5, 5, 5], [0, 5, 5, 5])).toBe(1);
  });

  test("does not care which of the two comes first", () => {
    expect(wilcoxon(zeros, darwin)).toBe(wilcoxon(darwin, zeros));
  });

  test("above 100 pairs the approximation goes on where the exact one ends", () => {
    expect(lopsided(101)).toBeCloseTo(lopsided(100), 2);
  });
});

test("a12 is the chance that ours is the smaller one, ties counted half", () => {
  expect(a12([1, 2], [3, 4])).toBe(1);
  expect(a12([3, 4], [1, 2])).toBe(0);
  expect(a12([1, 2], [1, 2])).toBe(0.5);
  expect(a12([0, 0, 0, 1], [0, 1])).toBe((3 * 1.5 + 0.5) / 8);
});

describe("medianDifference", () => {
  test("encloses the median, and is the same every time", () => {
    const a = Array.from({ length: 30 }, (_, i) => i % 7);
    const b = a.map((value) => value + 2);
    expect(medianDifference(a, b)).toEqual([-2, -2]);
    const noisy = b.map((value, i) => value + (i % 5) - 2);
    const [low, high] = medianDifference(a, noisy);
    expect(low).toBeLessThanOrEqual(-2);
    expect(high).toBeGreaterThanOrEqual(-2);
    expect(medianDifference(a, noisy)).toEqual([low, high]);
  });
});

test("medianOf takes the mean of the two in the middle", () => {
  expect(medianOf([5, 1, 3])).toBe(3);
  expect(medianOf([4, 1, 3, 2])).toBe(2.5);
});

test("scenarioBound: 1,000 scenarios and a confidence of 1 - 1e-6 leave 1.4 %", () => {
  expect(scenarioBound(1000, 1e-6)).toBeCloseTo(0.0137, 4);
});
