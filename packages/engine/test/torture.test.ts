import { expect, it } from "vitest";
import corpus from "../torture/corpus.json" with { type: "json" };
import { simulate } from "../torture/simulate.ts";
import { simulateWithRuntime } from "../torture/with-runtime.ts";

it.each(corpus)("survives seed $seed for $minutes minutes: $why", ({ seed, minutes }) => {
  expect(simulate(seed, minutes).violation).toBeUndefined();
});

// The long ones also have to settle.
it.each([
  [200, 3],
  [10, 24],
])("survives %i worlds of %i minutes", { timeout: 120_000 }, (seeds, minutes) => {
  for (let seed = 0; seed < seeds; seed++) {
    const { violation } = simulate(seed, minutes);
    expect(violation, `npm run torture -- --seed ${seed} --minutes ${minutes}`).toBeUndefined();
  }
});

// Promises, timers and deadlines are the runtime's own.
it("survives 20 worlds of 30 seconds with the runtime", { timeout: 120_000 }, async () => {
  for (let seed = 0; seed < 20; seed++) {
    const outcome = await simulateWithRuntime(seed, 30).catch((error: unknown) => error);
    expect(outcome, `seed ${seed}`).toBeUndefined();
  }
});
