import { expect, test } from "vitest";
import { certificateCases } from "../extras.ts";
import { runAll } from "../pool.ts";
import { runCase } from "../run-case.ts";

test("threads give what one would, in the order of the cases", async () => {
  const cases = certificateCases(5);
  const results = await runAll(cases);
  expect(results.map(({ seed, late, paid }) => [seed, late, paid])).toEqual(
    cases.flatMap(runCase).map(({ seed, late, paid }) => [seed, late, paid]),
  );
});

test("what a thread throws is thrown here", async () => {
  const [one] = certificateCases(1);
  await expect(runAll([{ ...one!, controllers: ["nobody"] }])).rejects.toThrow(/not a function/);
});
