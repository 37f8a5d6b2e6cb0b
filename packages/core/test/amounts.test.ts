import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amountPattern, parseAmount } from "../src/index.ts";

describe("parseAmount", () => {
  it.each([
    [0, 0],
    [2.5, 2.5],
    ["0", 0],
    ["250m", 0.25],
    ["1.5", 1.5],
    ["2k", 2000],
    ["2G", 2e9],
    ["512Mi", 536_870_912],
    ["1Ti", 2 ** 40],
  ])("reads %j as %d", (written, amount) => {
    expect(parseAmount(written)).toBe(amount);
  });

  it.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "",
    "-1",
    "1e3",
    "1 Gi",
    "Gi",
    "1gi",
    "1Gib",
    "0x10",
    ".5",
    "١",
    null,
    undefined,
    true,
    [5],
    {},
  ])("refuses %j", (written) => {
    expect(parseAmount(written)).toBeUndefined();
  });

  it("takes from text exactly what the pattern, which editors see, takes", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(amountPattern), fc.float().map(String));
    fc.assert(
      fc.property(text, (written) => {
        expect(parseAmount(written) !== undefined).toBe(amountPattern.test(written));
      }),
    );
  });

  it("gives a finite amount for whatever it takes", () => {
    expect(parseAmount(`${"9".repeat(400)}Ti`)).toBeUndefined();
  });
});
