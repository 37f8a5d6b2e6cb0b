import { describe, expect, it } from "vitest";
import {
  begin,
  dueAt,
  end,
  isDue,
  isStuck,
  newPace,
  poke,
  returned,
  skip,
} from "../../src/observe/pace.ts";

const at = (mono: number) => ({ mono, wall: 0, chance: 0 });

/** A pace whose first call began at 0 and took so long, out of an interval of 1000 ms. */
function after(tookMs: number): ReturnType<typeof newPace> {
  const pace = newPace(at(0));
  begin(pace, 1, 1000, at(0));
  end(pace, 1, false, at(tookMs));
  return pace;
}

describe("a call that is made again and again", () => {
  it("is due at once, then once in each interval, its own time included", () => {
    const pace = newPace(at(5));
    expect(isDue(pace, at(4))).toBe(false);
    expect(isDue(pace, at(5))).toBe(true);
    expect(dueAt(after(300))).toBe(1000);
  });

  it("is never due while one is under way, whatever has changed", () => {
    const pace = newPace(at(0));
    begin(pace, 1, 1000, at(0));
    poke(pace);
    expect(dueAt(pace)).toBe(Infinity);
    expect(isDue(pace, at(1e9))).toBe(false);
  });

  it("that took longer than its interval is not made again in the same moment", () => {
    expect(dueAt(after(1500))).toBe(1501);
  });

  it("tells when it was begun, to the answer of the call under way alone", () => {
    const pace = newPace(at(0));
    expect(end(pace, 1, false, at(5))).toBeUndefined();
    begin(pace, 2, 1000, at(10));
    expect(end(pace, 1, false, at(20))).toBeUndefined();
    expect(end(pace, 2, false, at(20))).toBe(10);
    expect(end(pace, 2, false, at(20))).toBeUndefined();
  });

  it.each([
    [0, 5],
    [1, 5],
    [2, 8],
    [10, 40],
    [20, 50],
  ])("which took %d ms is followed %d ms later when something changes", (tookMs, laterMs) => {
    const pace = after(tookMs);
    poke(pace);
    expect(dueAt(pace)).toBe(tookMs + laterMs);
  });

  it("is made in its turn when that is sooner than a change asks for", () => {
    const pace = after(998);
    poke(pace);
    expect(dueAt(pace)).toBe(1000);
  });

  it("looks at every change that came before it, and at none twice", () => {
    const pace = newPace(at(0));
    poke(pace);
    begin(pace, 1, 1000, at(0));
    end(pace, 1, false, at(10));
    expect(dueAt(pace)).toBe(1000);
    poke(pace);
    skip(pace, 1000, at(500));
    expect(dueAt(pace)).toBe(1500);
  });

  it("is made no more while three hang, until one of them returns", () => {
    const pace = newPace(at(0));
    for (const id of [1, 2, 3]) {
      expect(isStuck(pace)).toBe(false);
      begin(pace, id, 1000, at(id));
      end(pace, id, true, at(id));
    }
    expect(isStuck(pace)).toBe(true);
    returned(pace, 7);
    expect(isStuck(pace)).toBe(true);
    returned(pace, 2);
    expect(isStuck(pace)).toBe(false);
    expect(pace.hanging).toEqual([1, 3]);
  });

  it("does not hang when it was answered", () => {
    const pace = newPace(at(0));
    for (const id of [1, 2, 3]) {
      begin(pace, id, 1000, at(id));
      end(pace, id, false, at(id));
    }
    expect(isStuck(pace)).toBe(false);
  });
});
