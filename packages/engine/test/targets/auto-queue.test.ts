import { describe, expect, it } from "vitest";
import { autoQueueTarget, type AutoQueueMemory } from "../../src/decide/targets/auto-queue.ts";

const SPEC = {
  use: "queue",
  length: 40,
  gains: "auto",
  kP: 0.04,
  kI: 0,
  kD: 1.25,
  velocitySamples: 1,
} as const;

interface Step {
  /** The round-th look, half a second after the one before. */
  readonly round: number;
  readonly waiting?: number;
  readonly requested?: number;
  readonly keepsOne?: boolean;
}

/** In between 5 jobs arrive, and each of two instances finishes one. */
function desire(
  { round, waiting = 40, requested = 2, keepsOne = false }: Step,
  memory?: AutoQueueMemory,
) {
  const parts = {
    ready: waiting,
    inFlight: 2,
    arrived: 1000 + 5 * round,
    finished: 900 + 2 * round,
  };
  const reading = { kind: "reading", value: waiting, at: round * 500, parts } as const;
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  return autoQueueTarget.desire(
    { spec: { ...SPEC, keepsOne }, reading, counts, requested, max: 100 },
    memory,
  );
}

/** What has been learned in 200 looks; the integral begins anew. */
function learned(): AutoQueueMemory {
  let memory: AutoQueueMemory | undefined;
  for (let round = 0; round < 200; round++) ({ memory } = desire({ round }, memory));
  Object.assign(memory!, { integral: 0, desired: 2 });
  return memory!;
}

/** N = λ/μ + K·(e + ∫e/τ), with K = 1 / (2·μ·θ) and τ = 8·θ, after this reading. */
function law(memory: AutoQueueMemory, error: number, integralBefore: number) {
  const { arrivalRate, serviceRate, startupSeconds } = memory.belief!;
  const deadTime = startupSeconds! + 0.5;
  const integral = integralBefore + (error * 0.5) / (8 * deadTime);
  const exact = arrivalRate! / serviceRate! + (error + integral) / (2 * serviceRate! * deadTime);
  return { integral, exact };
}

describe("a queue that is kept at its length with gains that fit", () => {
  it("stays as it is until there is something to go by", () => {
    const first = desire({ round: 0, waiting: 500, requested: 3 });
    expect(first).toMatchObject({ instances: 3, reason: "meeting" });
    expect(autoQueueTarget.belief?.(first.memory)).toBeUndefined();
    // Neither is the same reading again.
    expect(desire({ round: 0, waiting: 900, requested: 3 }, first.memory)).toMatchObject({
      instances: 3,
      reason: "meeting",
    });
  });

  it("begins anew when the time was set back", () => {
    const memory = learned();
    const again = desire({ round: -100 }, memory);
    expect(again.memory).not.toBe(memory);
    expect(again).toMatchObject({ instances: 2, memory: { integral: 0, desired: 2 } });
  });

  it("has as many as keep up when it is at its length", () => {
    const { instances, memory, reason } = desire({ round: 200 }, learned());
    expect(memory.belief!.arrivalRate).toBeCloseTo(10, 3);
    expect(memory.belief!.serviceRate).toBeCloseTo(2, 1);
    expect(memory.belief!.startupSeconds).toBe(10);
    expect(instances).toBe(5);
    expect(reason).toBe("above");
    expect(memory.integral).toBe(0);
    expect(memory.desired).toBe(5);
    expect(autoQueueTarget.belief?.(memory)).toBe(memory.belief);
  });

  it.each([
    ["longer", 200, 2],
    ["much longer", 2000, 2],
    ["shorter", 0, 9],
  ])("moves by the law when the queue is %s", (_, waiting, requested) => {
    const before = learned();
    Object.assign(before, { integral: 30, desired: requested });
    const { instances, memory } = desire({ round: 200, waiting, requested }, before);
    const { integral, exact } = law(memory, waiting - 40, 30);
    expect(memory.integral).toBeCloseTo(integral, 12);
    expect(instances).toBe(Math.round(exact));
    expect(memory.desired).toBe(instances);
  });

  it("never desires fewer than none", () => {
    const before = learned();
    before.integral = -1e6;
    expect(desire({ round: 200, waiting: 0, requested: 2 }, before)).toMatchObject({
      instances: 0,
      reason: "below",
    });
  });

  it.each([
    ["up", 200, 5, 6, 0],
    ["down", 0, 5, 4, 0],
  ])(
    "does not integrate what has been cut on the way %s",
    (_, waiting, requested, desired, integral) => {
      const before = learned();
      before.desired = desired;
      expect(desire({ round: 200, waiting, requested }, before).memory.integral).toBe(integral);
      // What was not cut is.
      const whole = learned();
      whole.desired = requested;
      expect(desire({ round: 200, waiting, requested }, whole).memory.integral).not.toBe(0);
    },
  );

  it("takes a change of less than one instance, or of 15 %, for noise", () => {
    const moves = (requested: number, exact: number) => {
      const before = learned();
      const { arrivalRate, serviceRate } = desire({ round: 200 }, structuredClone(before)).memory
        .belief!;
      // At its length all of it comes from the integral.
      before.integral = (exact - arrivalRate! / serviceRate!) * 2 * serviceRate! * 10.5;
      before.desired = requested;
      return desire({ round: 200, requested }, before).instances;
    };
    expect(moves(3, 3.9)).toBe(3);
    expect(moves(3, 2.1)).toBe(3);
    expect(moves(3, 4.1)).toBe(4);
    expect(moves(40, 45.9)).toBe(40);
    expect(moves(40, 46.1)).toBe(46);
    expect(moves(40, 33.9)).toBe(34);
    expect(desire({ round: 201, requested: 5 }, learned()).reason).toBe("meeting");
  });

  it("keeps one instance while anything waits, where that is asked for", () => {
    const none = (keepsOne: boolean) => {
      const before = learned();
      before.integral = -1e6;
      return desire({ round: 200, waiting: 1, requested: 2, keepsOne }, before).instances;
    };
    expect(none(false)).toBe(0);
    expect(none(true)).toBe(1);
  });
});
