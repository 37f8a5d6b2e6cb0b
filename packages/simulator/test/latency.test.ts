import { describe, expect, it } from "vitest";
import { drawJobs, flash, rateOf, sine, step, type Jobs } from "../src/index.ts";
import { runLatency } from "./latency-plant.ts";

const exponential = (meanSeconds: number) => ({ meanSeconds, shape: "exponential" }) as const;

/** Evenly spaced, each of the same work: a load without any noise. */
function even(perSecond: number, work: number, seconds: number): Jobs {
  const at = Float64Array.from({ length: perSecond * seconds }, (_, i) => i / perSecond);
  return { at, work: at.map(() => work), seconds, rate: rateOf(seconds, () => perSecond) };
}

function scaled({ at, work, seconds, rate }: Jobs, k: number): Jobs {
  return {
    at: at.map((time) => time * k),
    work: work.map((each) => each * k),
    seconds: seconds * k,
    rate: rateOf(seconds * k, (second) => rate[Math.floor(second / k)]! / k),
  };
}

/** No reading is to be had for a minute. */
function isLost(now: number): boolean {
  return now >= 290 && now < 350;
}

describe("a task with a latency target", () => {
  it.each([
    ["totals", 0.1],
    ["inFlight", 0.35],
    ["length", 0.35],
  ] as const)(
    "learns from %s what arrives, what an instance does and how long a start takes",
    (shows, off) => {
      const rate = sine({ seconds: 2400, mean: 20, amplitude: 0.8, period: 600 });
      const jobs = drawJobs(rate, exponential(2), 5);
      const { turns } = runLatency({ jobs, within: 20, startup: 4, initial: 40, shows });
      const beliefs = turns.slice(-1200).map(({ decision }) => decision.belief!);
      const mean = (of: (belief: (typeof beliefs)[number]) => number | undefined): number =>
        beliefs.reduce((sum, belief) => sum + of(belief)!, 0) / beliefs.length;
      expect(Math.abs(mean(({ serviceRate }) => serviceRate) / 0.5 - 1)).toBeLessThan(off);
      expect(Math.abs(mean(({ arrivalRate }) => arrivalRate) / 20 - 1)).toBeLessThan(off);
      expect(mean(({ startupSeconds }) => startupSeconds)).toBeGreaterThanOrEqual(4);
      expect(mean(({ startupSeconds }) => startupSeconds)).toBeLessThan(5);
    },
  );

  it.each(["totals", "inFlight", "length"] as const)(
    "lets nobody wait too long in a flash crowd, seeing %s",
    (shows) => {
      const rate = flash({
        seconds: 1200,
        base: 6,
        extra: 36,
        at: 300,
        rise: 30,
        hold: 400,
        decay: 150,
      });
      const jobs = drawJobs(rate, exponential(1), 2);
      const { late, ready } = runLatency({ jobs, within: 10, startup: 5, initial: 7, shows });
      expect(late).toBeLessThan(0.001);
      expect(ready).toBeLessThan(1.3);
    },
  );

  it("keeps a wait shorter than a service time, with the instances that Erlang says", () => {
    const jobs = drawJobs(
      rateOf(3000, () => 20),
      exponential(1),
      4,
    );
    const { late, ready } = runLatency({ jobs, within: 0.5, startup: 0.2, initial: 30, tick: 0.1 });
    expect(late).toBeLessThan(0.01);
    expect(ready).toBeLessThan(1.8);
  });

  it("comes to rest under a load that does not change", () => {
    const { turns, late } = runLatency({
      jobs: even(8, 1, 1200),
      within: 10,
      startup: 5,
      initial: 1,
    });
    const counts = turns.slice(-1200).map(({ decision }) => decision.granted);
    expect(new Set(counts).size).toBe(1);
    expect(late).toBeLessThan(0.05);
  });

  it.each([2, 4])("does the same when all times are %d times as long", (k) => {
    const jobs = drawJobs(
      step({ seconds: 900, low: 3, high: 30, from: 200, to: 500 }),
      exponential(1),
      3,
    );
    const run = { within: 8, startup: 4, initial: 4, tick: 0.5, changesPerMinute: 12 };
    const plain = runLatency({ jobs, ...run });
    const slow = runLatency({
      jobs: scaled(jobs, k),
      within: 8 * k,
      startup: 4 * k,
      initial: 4,
      tick: 0.5 * k,
      changesPerMinute: 12 / k,
    });
    const grants = ({ turns }: typeof plain): number[] =>
      turns.map(({ decision }) => decision.granted);
    expect(grants(slow)).toEqual(grants(plain));
  });

  it("stays where it is while readings are missing", () => {
    const jobs = drawJobs(
      step({ seconds: 600, low: 3, high: 30, from: 300, to: 500 }),
      exponential(1),
      3,
    );
    const { turns } = runLatency({ jobs, within: 10, startup: 5, initial: 4, loss: isLost });
    const lost = turns.filter(({ now }) => isLost(now)).map(({ decision }) => decision);
    expect(new Set(lost.map(({ granted }) => granted)).size).toBe(1);
    expect(new Set(lost.map(({ reason }) => reason))).toEqual(new Set(["held"]));
  });

  it("comes down at once when a load is over that was more than its bounds allowed", () => {
    const jobs = drawJobs(
      step({ seconds: 900, low: 2, high: 30, from: 100, to: 300 }),
      exponential(1),
      3,
    );
    const { turns, timeline } = runLatency({ jobs, within: 10, startup: 5, initial: 3, max: 20 });
    const drained = timeline!.waiting.findIndex((waiting, second) => second > 300 && waiting < 20);
    const low = turns.find(({ now, decision }) => now > drained && decision.granted <= 6);
    // The surplus has cost what the change may by then.
    expect(low!.now - drained).toBeLessThan(10);
  });

  it("changes no more often than it may, whatever happens", () => {
    const jobs = drawJobs(
      sine({ seconds: 1800, mean: 20, amplitude: 0.9, period: 60 }),
      exponential(1),
      3,
    );
    const { changesPerMinute } = runLatency({
      jobs,
      within: 3,
      startup: 1,
      initial: 20,
      changesPerMinute: 4,
    });
    // In half an hour: two steps down a minute, and five that came at once, and as many up.
    expect(changesPerMinute).toBeLessThanOrEqual(4 + 10 / 30);
    expect(changesPerMinute).toBeGreaterThan(1);
  });

  it("has no instance while no job is seen, if none is a bound", () => {
    const rate = step({ seconds: 600, low: 0, high: 5, from: 100, to: 200 });
    const jobs = drawJobs(rate, exponential(0.5), 3);
    const { timeline, late } = runLatency({ jobs, within: 10, startup: 2, initial: 1, min: 0 });
    expect(timeline!.ordered[90]).toBe(0);
    expect(timeline!.running[150]).toBeGreaterThan(0);
    expect(timeline!.ordered[300]).toBe(0);
    expect(late).toBe(0);
  });
});

/** Jobs of one second that may wait for ten, jobs of five seconds, and starts that take as long as a job may wait. */
const PLANTS = [
  { work: 1, startup: 5, within: 10 },
  { work: 5, startup: 5, within: 30 },
  { work: 1, startup: 30, within: 30 },
] as const;
/** As a task has it if nothing is said. */
const CHANGES_PER_MINUTE = 6;

describe.each(PLANTS)(
  "with jobs of $work s that may wait for $within s, and starts of $startup s",
  ({ work, startup, within }) => {
    const run = (load: Parameters<typeof drawJobs>[0], initial: number, seed: number) => {
      const jobs = drawJobs(load, exponential(work), seed);
      return runLatency({
        jobs,
        within,
        startup,
        initial,
        changesPerMinute: CHANGES_PER_MINUTE,
      });
    };

    it.each([1, 2, 3])(
      "changes at most a few times in an hour while the load does not: %#",
      (seed) => {
        const load = rateOf(4200, () => 20 / work);
        const { turns, late, paid } = run(load, 20, seed);
        expect(late).toBe(0);
        expect(paid).toBeLessThan(1.1);
        // After ten minutes in which it learns.
        const granted = turns
          .filter(({ now }) => now > 600)
          .map(({ decision }) => decision.granted);
        const changes = granted.filter((count, i) => i > 0 && count !== granted[i - 1]);
        expect(changes.length).toBeLessThanOrEqual(6);
      },
    );

    it("meets a load that becomes ten times as large, and has no more than it needs soon after", () => {
      const load = step({ seconds: 1200, low: 4 / work, high: 40 / work, from: 400, to: 700 });
      const { late, timeline } = run(load, 6, 1);
      expect(late).toBe(0);
      expect(Math.max(...timeline!.ordered.slice(400, 700))).toBeGreaterThanOrEqual(40);
      expect(timeline!.ordered[700 + 2 * within]).toBeLessThanOrEqual(20);
      expect(Math.max(...timeline!.ordered.slice(700 + 3 * within))).toBeLessThanOrEqual(10);
    });

    it("meets a batch, which leaves no fleet behind", () => {
      const load = rateOf(1500, (second) => (second === 900 ? 200 : 10 / work));
      const { late, timeline } = run(load, 12, 1);
      expect(late).toBe(0);
      // A fifth more than are at work on average, and a few.
      expect(Math.max(...timeline!.ordered.slice(900 + 6 * within))).toBeLessThanOrEqual(15);
    });
  },
);
