import { describe, expect, it } from "vitest";
import { jobsAtOnce, learnAtOnce } from "../../src/decide/learn/at-once.ts";
import { snapshotOf } from "../../src/decide/learn/sample.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;

interface Look {
  readonly waiting?: number;
  readonly inFlight?: number | undefined;
  readonly running?: number;
  readonly stopping?: number;
}

function seen({ waiting = 9, running = 5, stopping = 0, ...look }: Look, at: number) {
  const inFlight = "inFlight" in look ? look.inFlight : 20;
  const parts = { ready: waiting, ...(inFlight === undefined ? {} : { inFlight }) };
  const counts = { running, starting: 0, stopping, requested: running };
  return snapshotOf({ kind: "reading", value: waiting, at, parts }, counts);
}

/** After so many seconds of looks alike, two each second. */
function after(seconds: number, look: Look, atOnce = { jobs: 1, instances: 1 }): number {
  for (let at = 500; at <= seconds * 1000; at += 500)
    learnAtOnce(atOnce, seen(look, at - 500), seen(look, at), WITHIN);
  return jobsAtOnce(atOnce);
}

describe("how many jobs an instance works on at once", () => {
  it("is learned while jobs wait, in a few minutes", () => {
    expect(after(300, {})).toBe(4);
    expect(after(5, {})).toBeLessThan(4);
  });

  it("is a whole number, from one on", () => {
    expect(after(300, { inFlight: 3 })).toBe(1);
    expect(after(300, { inFlight: 11 })).toBe(2);
  });

  it("counts instances that stop: they may still be at work", () => {
    expect(after(300, { inFlight: 5, running: 3, stopping: 2 })).toBe(1);
  });

  it("is what it was while an instance could take one more, or nobody says what is in flight", () => {
    expect(after(300, { waiting: 0 }, { jobs: 3, instances: 1 })).toBe(3);
    expect(after(300, { inFlight: undefined }, { jobs: 3, instances: 1 })).toBe(3);
  });

  it("is one where there never was an instance", () => {
    expect(jobsAtOnce({ jobs: 4, instances: 0 })).toBe(1);
  });

  it("does not go by instances of which half have just stopped, when counts of jobs lag", () => {
    const atOnce = { jobs: 10, instances: 10 };
    expect(after(15, { inFlight: 10, running: 5 }, atOnce)).toBe(1);
  });
});

describe("one more look", () => {
  const learned = (before: Look, now: Look, seconds = 0.5) => {
    const atOnce = { jobs: 1, instances: 1 };
    learnAtOnce(atOnce, seen(before, 1000), seen(now, 1000 + seconds * 1000), WITHIN);
    return atOnce;
  };

  it("counts for the part of ten times as long as a job may wait that it took", () => {
    for (const seconds of [0.5, 20, 100]) {
      const part = seconds / 100;
      const { jobs, instances } = learned({}, { stopping: 1 }, seconds);
      expect(jobs).toBeCloseTo(1 + 19 * part, 9);
      expect(instances).toBeCloseTo(1 + 5 * part, 9);
    }
  });

  it("tells nothing where none waited before, or none waits now", () => {
    const none = { jobs: 1, instances: 1 };
    expect(learned({ waiting: 0 }, {})).toEqual(none);
    expect(learned({}, { waiting: 0 })).toEqual(none);
    expect(learned({}, { inFlight: undefined })).toEqual(none);
    expect(learned({ inFlight: undefined }, {})).not.toEqual(none);
  });
});
