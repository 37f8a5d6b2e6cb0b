import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type Blow, type Fate, liveElections, type Meddling } from "./election-world.ts";
import type { Weather } from "./memory-lease.ts";

const weather: fc.Arbitrary<Weather> = fc.record({
  beforeMs: fc.oneof(fc.constant(1), fc.nat(200), fc.nat(8000)),
  afterMs: fc.oneof(fc.constant(1), fc.nat(200), fc.nat(8000)),
  fails: fc.constantFrom("no", "no", "no", "unsent", "unheard"),
  deaf: fc.boolean(),
});
const blow: fc.Arbitrary<Blow> = fc.record({
  afterMs: fc.nat(8000),
  what: fc.constantFrom("freeze", "die", "end"),
  ms: fc.nat(10_000),
});
const fateWith = (durationMs: fc.Arbitrary<number>): fc.Arbitrary<Fate> =>
  fc.record({
    weather: fc.array(weather, { minLength: 1, maxLength: 12 }),
    rate: fc.double({ min: 0.95, max: 1.05, noNaN: true }),
    durationsMs: fc.array(durationMs, { minLength: 1, maxLength: 3 }),
    blows: fc.array(blow, { maxLength: 8 }),
  });
const fates: fc.Arbitrary<Fate[]> = fc.boolean().chain((areEqual) =>
  fc.array(fateWith(areEqual ? fc.constant(3000) : fc.constantFrom(1000, 3000, 8000)), {
    minLength: 2,
    maxLength: 4,
  }),
);
const meddling: fc.Arbitrary<Meddling> = fc.record({
  afterMs: fc.nat(20_000),
  what: fc.constantFrom("delete", "claim"),
  durationMs: fc.constantFrom<unknown>(0, Number.NaN, -1, undefined, "3s", 5, 4000),
});

it(
  "never lets two agents lead at a time, and always one after the trouble",
  { timeout: 120_000 },
  () => {
    const seen = { elections: 0, deletions: 0, claims: 0, stale: 0 };
    const runs = 200;
    fc.assert(
      fc.property(fates, fc.array(meddling, { maxLength: 6 }), (all, meddlings) => {
        const lived = liveElections(all, meddlings);
        seen.elections += lived.elections;
        seen.deletions += lived.deletions;
        seen.claims += lived.claims;
        seen.stale += lived.stale;
        expect(lived.violations).toEqual([]);
        expect(lived.leaders).toHaveLength(1);
      }),
      { numRuns: runs },
    );
    // Each kind of trouble has happened.
    expect(seen.elections).toBeGreaterThan(2 * runs);
    expect(Math.min(seen.deletions, seen.claims, seen.stale)).toBeGreaterThan(runs / 10);
  },
);
