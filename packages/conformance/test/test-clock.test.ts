import { expect, it } from "vitest";

import { createTestClock } from "../src/index.ts";

it("ends sleeps in the order in which they fall due, each at its own time", async () => {
  const clock = createTestClock(1000);
  const seen: [string, number][] = [];
  const sleeper = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    seen.push([name, clock.now()]);
  };
  const all = [sleeper("late", 30), sleeper("first", 10), sleeper("second", 10)];
  await clock.advance(29);
  expect(seen).toEqual([
    ["first", 1010],
    ["second", 1010],
  ]);
  expect([clock.now(), clock.pending]).toEqual([1029, 1]);
  await clock.advance(1);
  await Promise.all(all);
  expect(seen.at(-1)).toEqual(["late", 1030]);
});

it("lets what one sleep wakes run, and sleep again, before the next ends", async () => {
  const clock = createTestClock(0);
  const seen: number[] = [];
  const ticker = (async () => {
    for (let tick = 0; tick < 3; tick += 1) {
      await clock.sleep(10);
      await Promise.resolve().then(() => Promise.resolve());
      seen.push(clock.now());
    }
  })();
  await clock.advance(30);
  await ticker;
  expect(seen).toEqual([10, 20, 30]);
});

it("ends a sleep with its signal, and keeps no timer", async () => {
  const clock = createTestClock();
  const stop = new AbortController();
  const reason = new Error("enough");
  const sleeping = clock.sleep(10, stop.signal);
  stop.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(clock.sleep(10, stop.signal)).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

it("does not sleep for nothing", async () => {
  const clock = createTestClock();
  await clock.sleep(0);
  await clock.sleep(-1);
  expect(clock.pending).toBe(0);
});

it("moves neither the monotonic time nor a sleep when the wall clock is set", async () => {
  const clock = createTestClock(1000);
  let isAwake = false;
  const wake = (): void => {
    isAwake = true;
  };
  void clock.sleep(100).then(wake);

  clock.stepWall(-3_600_000);
  await clock.advance(99);
  expect([clock.now(), clock.monotonic(), isAwake]).toEqual([1099 - 3_600_000, 99, false]);

  clock.stepWall(7_200_000);
  await clock.advance(0);
  expect([clock.now(), clock.monotonic(), isAwake]).toEqual([1099 + 3_600_000, 99, false]);

  await clock.advance(1);
  expect(isAwake).toBe(true);
});
