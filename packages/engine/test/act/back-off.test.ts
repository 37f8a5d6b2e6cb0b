import { describe, expect, it, test } from "vitest";
import {
  backOffMs,
  growthAfterFailures,
  hasToWait,
  noBackOff,
  noteAccepted,
  noteBusy,
  noteEffect,
  noteFailure,
} from "../../src/act/back-off.ts";

const at = (mono: number, chance = 0) => ({ mono, wall: 0, chance });

test.each([
  [1, 0, 250],
  [1, 1, 500],
  [2, 1, 1000],
  [4, 0.5, 3000],
  [8, 1, 60_000],
  [100_000, 1, 60_000],
  [100_000, 0, 30_000],
])("after %d failures, by chance %d, the back-off is %d ms", (times, chance, ms) => {
  expect(backOffMs(times, [500, 60_000], at(0, chance))).toBe(ms);
});

describe("a task's back-off", () => {
  it("grows with every failure, up to a minute, until a call is accepted", () => {
    const backOff = noBackOff();
    const pauses = Array.from({ length: 9 }, () => {
      noteFailure(backOff, at(100, 1));
      return backOff.retryAt - 100;
    });
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    noteAccepted(backOff);
    expect(hasToWait(backOff, true, at(101))).toBe(false);
    noteFailure(backOff, at(100, 1));
    expect(backOff.retryAt).toBe(600);
  });

  it("is shorter while the backend is only busy, and as long as it says", () => {
    const backOff = noBackOff();
    noteBusy(backOff, undefined, at(100, 1));
    expect(backOff.retryAt).toBe(350);
    noteBusy(backOff, undefined, at(100, 1));
    expect(backOff.retryAt).toBe(600);
    noteBusy(backOff, 0, at(100, 1));
    expect(backOff.retryAt).toBe(100);
    for (let i = 0; i < 20; i++) noteBusy(backOff, undefined, at(100, 1));
    expect(backOff.retryAt).toBe(5100);
  });

  it("goes on growing while what is accepted shows no effect, until it shows", () => {
    const backOff = noBackOff();
    for (let i = 0; i < 3; i++) {
      noteAccepted(backOff);
      noteEffect(backOff, false, at(100, 1));
    }
    expect(backOff.retryAt).toBe(1100);
    noteAccepted(backOff);
    noteEffect(backOff, true, at(100, 1));
    noteEffect(backOff, false, at(100, 1));
    expect(backOff.retryAt).toBe(350);
  });

  it("makes growing wait, and shrinking only if it was shrinking that failed", () => {
    const backOff = { ...noBackOff(), retryAt: 500 };
    const waits = (grew: boolean, grows: boolean, mono: number) =>
      hasToWait({ ...backOff, grew }, grows, at(mono));
    expect(waits(true, true, 499)).toBe(true);
    expect(waits(true, true, 500)).toBe(false);
    expect(waits(true, false, 499)).toBe(false);
    expect(waits(false, false, 499)).toBe(true);
    expect(waits(false, true, 499)).toBe(true);
  });

  it("limits growth from the third failure in a row: to none, then to one", () => {
    const backOff = noBackOff();
    noteFailure(backOff, at(0, 1));
    noteFailure(backOff, at(0, 1));
    expect(growthAfterFailures(backOff, at(1))).toBeUndefined();
    noteFailure(backOff, at(0, 1));
    expect(growthAfterFailures(backOff, at(1999))).toBe(0);
    expect(growthAfterFailures(backOff, at(2000))).toBe(1);
  });

  it("does not begin before something has failed", () => {
    expect(hasToWait(noBackOff(), true, at(0))).toBe(false);
    expect(growthAfterFailures(noBackOff(), at(0))).toBeUndefined();
  });
});
