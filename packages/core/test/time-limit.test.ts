import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { untilAborted, systemClock as clock, withTimeLimit } from "../src/index.ts";

const late = new Error("too late");

describe("withTimeLimit", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gives what the work gives, and leaves no timer", async () => {
    const { signal } = new AbortController();
    expect(await withTimeLimit({ clock, ms: 100, signal, late }, async () => 5)).toBe(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("aborts the work's signal when time is up, with the reason given", async () => {
    const { signal } = new AbortController();
    const work = withTimeLimit({ clock, ms: 100, signal, late }, (inner) =>
      clock.sleep(500, inner),
    );
    const failure = work.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    expect(await failure).toBe(late);
  });

  it("aborts the work's signal with the signal", async () => {
    const stop = new AbortController();
    const work = withTimeLimit({ clock, ms: 100, signal: stop.signal, late }, (inner) =>
      clock.sleep(500, inner),
    );
    stop.abort(new Error("stopping"));
    await expect(work).rejects.toThrow("stopping");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("untilAborted", () => {
  it("waits for what heeds no signal only until the abort, and leaves no listener", async () => {
    const stop = new AbortController();
    const waiting = untilAborted(stop.signal, new Promise<never>(() => {}));
    stop.abort(new Error("stopping"));
    await expect(waiting).rejects.toThrow("stopping");
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });

  it("does not wait at all when the signal was aborted before", async () => {
    const stopped = AbortSignal.abort(new Error("stopped"));
    await expect(untilAborted(stopped, new Promise<never>(() => {}))).rejects.toThrow("stopped");
  });

  it("gives what the promise gives, or throws what it throws", async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(signal, Promise.resolve(5))).toBe(5);
    await expect(untilAborted(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
