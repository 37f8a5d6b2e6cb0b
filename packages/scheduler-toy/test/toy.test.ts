import { createTestClock } from "@microscaling/conformance";
import { MicroscalingError, YOUNG_MS, type SchedulerTask } from "@microscaling/core";
import { expect, it } from "vitest";

import plugin, { createToyScheduler, type ToyWorkload } from "../src/index.ts";

const signal = new AbortController().signal;
const task: SchedulerTask<ToyWorkload> = { name: "consumer", workload: { crash: false } };
const fault = new MicroscalingError("ERR_START_FAILED", "no room");

it("reads its delays from the config", async () => {
  const written = { startDelay: "1.5s", failStarts: true };
  expect(await plugin.options["~standard"].validate(written)).toEqual({
    value: { startDelayMs: 1500, stopDelayMs: 0, failStarts: true },
  });
});

it("starts and stops at once without delays", async () => {
  const toy = createToyScheduler({ clock: createTestClock() });
  const scaled = toy.scale(task, 3, signal);
  expect(toy.counts("consumer")).toEqual({ running: 3, starting: 0, stopping: 0, requested: 3 });
  await scaled;
  await toy.scale(task, 1, signal);
  expect(toy.counts("consumer")).toEqual({ running: 1, starting: 0, stopping: 0, requested: 1 });
});

it("takes its delays, and tells of every change", async () => {
  const clock = createTestClock();
  const toy = createToyScheduler({ clock, startDelayMs: 100, stopDelayMs: 1000 });
  const seen: string[] = [];
  const changed = (): void => {
    const { running, starting, stopping, requested } = toy.counts("consumer");
    seen.push(`${running}+${starting}-${stopping}=${requested}`);
  };
  const stop = new AbortController();
  const watching = toy.watch({ changed, failed: () => {} }, stop.signal);
  const scaled = toy.scale(task, 1, signal);
  await clock.advance(100);
  expect(await scaled).toEqual({ status: "accepted" });
  await toy.scale(task, 0, signal);
  await clock.advance(999);
  expect(seen).toEqual(["0+1-0=1", "1+0-0=1", "0+0-1=0"]);
  await clock.advance(1);
  expect(seen.at(-1)).toBe("0+0-0=0");
  stop.abort();
  await watching;
});

it("forgets a start that is stopped before it runs", async () => {
  const clock = createTestClock();
  const toy = createToyScheduler({ clock, startDelayMs: 100 });
  const scaled = toy.scale(task, 2, signal);
  await clock.advance(50);
  await toy.scale(task, 0, signal);
  await scaled;
  expect(toy.counts("consumer").requested).toBe(0);
  expect(clock.pending).toBe(0);
});

it("fails every start when told to", async () => {
  const toy = createToyScheduler({ clock: createTestClock(), failStarts: true });
  const outcome = await toy.scale(task, 2, signal);
  expect(outcome).toMatchObject({ status: "failed", error: { code: "ERR_START_FAILED" } });
  expect(toy.counts("consumer").requested).toBe(0);
});

it("fails, is busy and hangs for one task, until it is fixed", async () => {
  const toy = createToyScheduler({ clock: createTestClock() });
  const other = { ...task, name: "other" };
  toy.fail("consumer", fault);
  expect(await toy.scale(task, 1, signal)).toEqual({ status: "failed", error: fault });
  toy.busy("consumer", 250);
  expect(await toy.scale(task, 1, signal)).toMatchObject({ status: "busy", retryAfterMs: 250 });
  toy.hang("consumer");
  const stop = new AbortController();
  const hanging = toy.scale(task, 1, stop.signal);
  expect(await toy.scale(other, 1, signal)).toEqual({ status: "accepted" });
  stop.abort(new Error("too long"));
  await expect(hanging).rejects.toThrow("too long");
  expect(toy.counts("consumer").requested).toBe(0);
  toy.fix("consumer");
  expect(await toy.scale(task, 1, signal)).toEqual({ status: "accepted" });
});

it("fails to prepare without failing to scale", async () => {
  const toy = createToyScheduler({ clock: createTestClock() });
  toy.fail("consumer", fault, "prepare");
  await expect(toy.prepare(task, signal)).rejects.toBe(fault);
  expect(await toy.scale(task, 1, signal)).toEqual({ status: "accepted" });
});

it.each([0, -3_600_000, 3_600_000])(
  "counts an instance that ends young as crashed, and an old one not, though the clock is set by %d ms",
  async (setMs) => {
    const clock = createTestClock();
    const toy = createToyScheduler({ clock });
    toy.add("consumer", 1);
    toy.crash("consumer");
    expect(toy.counts("consumer")).toMatchObject({ running: 0 });
    expect(toy.counts("consumer").crashed).toBeUndefined();
    await toy.scale(task, 2, signal);
    clock.stepWall(setMs);
    toy.crash("consumer");
    expect(toy.counts("consumer")).toMatchObject({ running: 1, crashed: 1 });
    await clock.advance(YOUNG_MS);
    toy.crash("consumer");
    expect(toy.counts("consumer")).toMatchObject({ running: 0, crashed: 1 });
  },
);

it("throws from every call while it is unreachable, and ends what watches it", async () => {
  const toy = createToyScheduler({ clock: createTestClock() });
  const lost = { code: "ERR_SCHEDULER_UNREACHABLE" };
  const watching = toy.watch({ changed: () => {}, failed: () => {} }, signal);
  toy.unreachable(true);
  await expect(watching).rejects.toMatchObject(lost);
  await expect(toy.observe([task], signal)).rejects.toMatchObject(lost);
  await expect(toy.scale(task, 1, signal)).rejects.toMatchObject(lost);
  toy.unreachable(false);
  expect((await toy.observe([task], signal)).get("consumer")).toMatchObject({ running: 0 });
});

it("logs its calls, and tells of failures in the background", async () => {
  const clock = createTestClock(5);
  const toy = createToyScheduler({ clock });
  const failures: unknown[] = [];
  const failed = (...args: unknown[]): void => void failures.push(args);
  const stop = new AbortController();
  const watching = toy.watch({ changed: () => {}, failed }, stop.signal);
  toy.failLater("consumer", fault);
  await toy.observe([task], signal);
  await toy.scale(task, 2, signal);
  expect(failures).toEqual([["consumer", fault]]);
  expect(toy.calls).toEqual([
    { method: "observe", at: 5 },
    { method: "scale", task: "consumer", instances: 2, at: 5 },
  ]);
  stop.abort();
  await watching;
});
