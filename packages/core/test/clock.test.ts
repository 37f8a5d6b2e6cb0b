import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../src/index.ts";

describe("systemClock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it("tells the time in milliseconds since the epoch", () => {
    expect(systemClock.now()).toBe(1_000_000);
  });

  it("has a time that does not follow when the machine's clock is set", () => {
    const before = systemClock.monotonic();
    vi.setSystemTime(500_000);
    expect(systemClock.now()).toBe(500_000);
    expect(systemClock.monotonic()).toBe(before);
  });

  it("sleeps until the time has passed, and no shorter", async () => {
    const woken = vi.fn<() => void>();
    const sleep = systemClock.sleep(100).then(woken);
    await vi.advanceTimersByTimeAsync(99);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await sleep;
    expect(woken).toHaveBeenCalledOnce();
  });

  it.each([0, -5])("does not wait for %d ms", async (ms) => {
    const sleep = systemClock.sleep(ms);
    await vi.advanceTimersByTimeAsync(0);
    await expect(sleep).resolves.toBeUndefined();
  });

  it.each([2 ** 31 - 1, 2 ** 31, 3 * 2 ** 31])(
    "sleeps for %d ms, though one timer of the machine holds at most 2^31-1",
    async (ms) => {
      const woken = vi.fn<() => void>();
      const sleep = systemClock.sleep(ms).then(woken);
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(woken).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(1);
      await sleep;
      expect(woken).toHaveBeenCalledOnce();
    },
  );

  it("is woken by the signal in any part of a long sleep, and leaves no timer", async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(3 * 2 ** 31, stop.signal);
    const ended = sleep.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2 ** 32);
    stop.abort(new Error("stopping"));
    expect(await ended).toMatchObject({ message: "stopping" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is woken by the signal, with its reason, and leaves no timer", async () => {
    const stop = new AbortController();
    const sleep = systemClock.sleep(100, stop.signal);
    stop.abort(new Error("stopping"));
    await expect(sleep).rejects.toThrow("stopping");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not begin to sleep when the signal was aborted before", async () => {
    await expect(systemClock.sleep(100, AbortSignal.abort(new Error("stopped")))).rejects.toThrow(
      "stopped",
    );
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no listener on a signal that outlives the sleep", async () => {
    const { signal } = new AbortController();
    const sleep = systemClock.sleep(100, signal);
    await vi.advanceTimersByTimeAsync(100);
    await sleep;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
