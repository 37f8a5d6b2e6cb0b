import type { Controller, View } from "@microscaling/simulator";
import { describe, expect, test } from "vitest";
import { awsLaw } from "../laws/aws.ts";
import { fixedLaw, oracleLaw } from "../laws/fixed.ts";
import { hpaLaw, KEDA, KEDA_FAST } from "../laws/hpa.ts";
import { knativeLaw } from "../laws/knative.ts";
import { nomadLaw } from "../laws/nomad.ts";
import { sketchLaw } from "../laws/sketch.ts";

/** Asks a law every half second, with what it asked for running at once; `waiting` is the queue at each moment. */
function run(
  law: Controller,
  seconds: number,
  waiting: (now: number) => number | undefined,
  from = 1,
): (now: number) => number {
  const asked: number[] = [];
  let instances = from;
  for (let tick = 0; tick < 2 * seconds; tick++) {
    instances = law.decide([viewOf(tick / 2, waiting(tick / 2), instances)])[0]!;
    asked.push(instances);
  }
  return (now) => asked[Math.floor(now * 2)]!;
}

function viewOf(now: number, waiting: number | undefined, instances: number): View {
  const reading =
    waiting === undefined
      ? undefined
      : { value: waiting, parts: { ready: waiting, inFlight: 0, arrived: 0, finished: 0 } };
  const counts = { running: instances, starting: 0, stopping: 0, requested: instances };
  return { now, reading, ...counts };
}

function keda(): Controller {
  return hpaLaw({ ...KEDA, target: 10, max: 80 });
}

describe("HPA fed by KEDA", () => {
  test("reads every 30 s and decides every 15 s", () => {
    const at = run(keda(), 60, (now) => (now >= 1 ? 30 : 0));
    expect(at(29.5)).toBe(1);
    expect(at(30)).toBe(3);
  });

  test("goes up to max(2n, n + 4) at the most in one sync, as without `behavior`: 4, then double", () => {
    const at = run(keda(), 60, () => 800);
    expect([at(0), at(15), at(30), at(45)]).toEqual([4, 8, 16, 32]);
  });

  test("goes down only to the largest answer of 5 minutes", () => {
    const at = run(keda(), 900, (now) => (now < 100 ? 200 : 20), 20);
    expect(at(390)).toBe(20);
    expect(at(440)).toBe(2);
  });

  test("leaves alone what is within 10 %", () => {
    expect(run(keda(), 10, () => 109, 10)(9)).toBe(10);
    expect(run(keda(), 10, () => 111, 10)(9)).toBe(12);
  });

  test("does nothing without a reading", () => {
    expect(run(keda(), 60, () => undefined, 7)(59)).toBe(7);
  });

  test("as fast as it goes: in a second, in both directions, at any height", () => {
    const at = run(hpaLaw({ ...KEDA_FAST, target: 10, max: 80 }), 20, (now) =>
      now < 10 ? 800 : 20,
    );
    expect([at(0), at(9.5), at(10), at(11)]).toEqual([80, 80, 2, 2]);
  });
});

describe("Knative", () => {
  test("aims at 70 % of what an instance holds, over a minute, every 2 s", () => {
    const at = run(knativeLaw({ holds: 10, max: 80 }), 120, () => 70, 10);
    expect(at(119)).toBe(10);
    expect(run(knativeLaw({ holds: 10, max: 80 }), 120, () => 49, 10)(119)).toBe(7);
  });

  test("panics when 6 s need twice what is ready, and does not go down until a minute after", () => {
    const at = run(
      knativeLaw({ holds: 10, max: 80 }),
      300,
      (now) => (now >= 100 && now < 110 ? 700 : 7),
      2,
    );
    expect(at(99)).toBe(1);
    expect(at(108)).toBeGreaterThanOrEqual(50);
    expect(at(150)).toBe(Math.max(...[105, 110, 120, 140].map(at)));
    expect(at(299)).toBe(1);
  });

  test("halves at the most in one tick", () => {
    const at = run(knativeLaw({ holds: 10, max: 80 }), 10, () => 0, 40);
    expect([at(1), at(3), at(5)]).toEqual([20, 10, 5]);
  });
});

describe("AWS target tracking", () => {
  test("goes out in proportion after 3 points of a minute: AWS's own example, 10 instances with 150 each and a target of 100", () => {
    const at = run(awsLaw({ target: 100, max: 80 }), 200, () => 1500, 10);
    expect(at(119)).toBe(10);
    expect(at(120)).toBe(15);
  });

  test("goes in after 15 points, rounded so that fewer go", () => {
    const at = run(awsLaw({ target: 100, max: 80 }), 1000, () => 750, 10);
    expect(at(839)).toBe(10);
    expect(at(840)).toBe(8);
  });

  test("while it cools down after growth, what was added counts as part of the next", () => {
    // 10 → 15 at 2 minutes; at 3 minutes 15 instances with 200 each want 15 more, of which 5 are there already.
    const at = run(awsLaw({ target: 100, max: 80 }), 200, (now) => (now < 150 ? 1500 : 3000), 10);
    expect([at(120), at(179), at(180), at(199)]).toEqual([15, 15, 25, 25]);
  });
});

describe("Nomad target-value", () => {
  test("goes to ⌈n · metric / target⌉, and then does nothing for 5 minutes", () => {
    const at = run(nomadLaw({ target: 10, max: 80 }), 400, (now) => (now < 5 ? 55 : 200), 3);
    expect(at(0)).toBe(6);
    expect(at(299)).toBe(6);
    expect(at(310)).toBe(20);
  });

  test("leaves alone what is within 1 %", () => {
    expect(run(nomadLaw({ target: 10, max: 80 }), 20, () => 100.5, 10)(19)).toBe(10);
  });
});

describe("the sketch", () => {
  /** Ten jobs a second until a minute is over, then as many as given. */
  function watch(later: number, waiting: (now: number) => number): (now: number) => number {
    const law = sketchLaw({ serviceRate: 1, startupSeconds: 5, withinSeconds: 10, max: 80 });
    let requested = 11;
    const asked = Array.from({ length: 400 }, (_, tick) => {
      const now = tick / 2;
      const parts = { arrived: 10 * Math.min(now, 60) + later * Math.max(0, now - 60) };
      const counts = { running: requested, starting: 0, stopping: 0, requested };
      const view: View = { now, reading: { value: waiting(now), parts }, ...counts };
      requested = law.decide([view])[0]!;
      return requested;
    });
    return (now) => asked[2 * now]!;
  }

  test("stays where the load does, goes up once the queue may outgrow it", () => {
    const at = watch(20, (now) => (now < 60 ? 0 : 10 * (now - 60)));
    expect(at(59)).toBe(11);
    expect(at(75)).toBeGreaterThanOrEqual(20);
  });

  test("goes down after five seconds of surplus, and no further for less than half an instance", () => {
    const at = watch(2, () => 0);
    expect([at(60), at(64)]).toEqual([11, 11]);
    expect(at(120)).toBeLessThanOrEqual(4);
  });
});

test("fixed is fixed, and the oracle is there before the load is", () => {
  expect(run(fixedLaw(7.2, 80), 10, () => 500)(9)).toBe(8);
  const rate = Float64Array.from({ length: 100 }, (_, second) =>
    second >= 50 && second < 60 ? 16 : 4,
  );
  const truth = { rate, serviceSeconds: 1, startupSeconds: 5, withinSeconds: 10, max: 80 };
  const at = run(oracleLaw(truth), 100, (now) => (now >= 80 ? 30 : 0));
  expect([at(40), at(45), at(58), at(61), at(80)]).toEqual([6, 20, 20, 6, 12]);
});
