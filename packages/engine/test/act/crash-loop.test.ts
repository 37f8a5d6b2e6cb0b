import type { Counts } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  crashReason,
  growthInLoop,
  noCrashes,
  noteCounts,
  noteGrowth,
  noteNoGrowth,
  type CrashLoop,
} from "../../src/act/crash-loop.ts";
import { up } from "../step/opened.ts";

/** A task's crashes, as counts show them second by second. */
function watching({ replaces = false } = {}) {
  const loop = noCrashes();
  let mono = 1_000_000;
  let crashed = 0;
  const now = () => ({ mono, wall: 0, chance: 1 });
  const self = {
    loop,
    counted(counts: Counts, { ms = 1000, isPending = false } = {}): void {
      mono += ms;
      noteCounts(loop, { crashed, ...counts }, { replaces, isPending }, now());
    },
    crash(counts: Counts = up(0)): void {
      crashed++;
      self.counted(counts);
    },
    wait: (ms: number) => void (mono += ms),
    growth: (backendTries = false) => growthInLoop(loop, backendTries, now()),
  };
  self.counted(up(1));
  return self;
}

/** Three crashes: the task is held for one second. */
function held(options?: { readonly replaces: boolean }): ReturnType<typeof watching> {
  const task = watching(options);
  for (let i = 0; i < 3; i++) task.crash();
  return task;
}

/** Held, and one instance was asked for to try. */
function probing(): ReturnType<typeof watching> {
  const task = held();
  task.wait(1000);
  noteGrowth(task.loop);
  return task;
}

function lives(task: ReturnType<typeof watching>, seconds: number): void {
  for (let i = 0; i < seconds; i++) task.counted(up(1));
}

describe("a crash loop", () => {
  it("begins with the third observation in a row that shows crashes", () => {
    const task = watching();
    task.crash();
    task.crash();
    expect(task.growth()).toBeUndefined();
    task.crash();
    expect(task.growth()).toBe(0);
  });

  it("holds the task ever longer: 1 s, 2 s, up to 5 min", () => {
    const task = held();
    const holds = Array.from({ length: 11 }, () => {
      const { heldUntil, crashedAt } = task.loop;
      task.crash();
      return heldUntil - crashedAt;
    });
    expect(holds).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
    ]);
  });

  it("lets one more instance try when the hold is over, and no second one beside it", () => {
    const task = held();
    task.wait(999);
    expect(task.growth()).toBe(0);
    task.wait(1);
    expect(task.growth()).toBe(1);
    noteGrowth(task.loop);
    expect(task.growth()).toBe(0);
  });

  it("is over when the attempt has lived for the crash window", () => {
    const task = probing();
    lives(task, 20);
    expect(task.growth()).toBe(0);
    lives(task, 1);
    expect(task.growth()).toBeUndefined();
    // What comes later begins from nothing.
    task.crash();
    task.crash();
    expect(task.growth()).toBeUndefined();
  });

  it("goes on with a longer hold when the attempt crashes", () => {
    const task = probing();
    task.crash();
    task.wait(1999);
    expect(task.growth()).toBe(0);
    task.wait(1);
    expect(task.growth()).toBe(1);
  });

  it("tries again when the attempt was scaled down before it had lived long enough", () => {
    const task = probing();
    lives(task, 5);
    task.counted(up(0));
    expect(task.growth()).toBe(1);
    noteGrowth(task.loop);
    expect(task.growth()).toBe(0);
  });

  it.each([
    ["runs", up(1, { requested: 0 }), {}],
    ["starts", up(0, { starting: 1 }), {}],
    ["runs while another starts", up(1, { starting: 1, requested: 0 }), {}],
    ["is still requested", up(0, { requested: 1 }), {}],
    ["may not be shown yet", up(0), { isPending: true }],
  ])("waits for an attempt that %s", (_, counts, options) => {
    const task = probing();
    task.counted(counts, options);
    expect(task.growth()).toBe(0);
  });

  it("tries again when what was asked for came to nothing", () => {
    const task = probing();
    noteNoGrowth(task.loop);
    expect(task.growth()).toBe(1);
  });

  it("is not begun by a call that came to nothing", () => {
    const { loop } = watching();
    noteNoGrowth(loop);
    noteGrowth(loop);
    expect(loop.phase).toBe("calm");
  });

  it("takes no account of instances that have lived already: the new one must live", () => {
    const task = held();
    lives(task, 19);
    noteGrowth(task.loop);
    lives(task, 20);
    expect(task.growth()).toBe(0);
    lives(task, 1);
    expect(task.growth()).toBeUndefined();
  });

  it("does not end while held by what lives, unless the backend itself tries", () => {
    const own = held();
    lives(own, 30);
    expect(own.growth()).toBe(1);
    const backend = held({ replaces: true });
    lives(backend, 20);
    expect(backend.growth()).toBe(1);
    lives(backend, 1);
    expect(backend.growth()).toBeUndefined();
  });

  it("is forgotten after 10 min without a crash", () => {
    const task = held();
    task.counted(up(0), { ms: 599_999 });
    expect(task.growth()).toBe(1);
    task.counted(up(0), { ms: 1 });
    expect(task.growth()).toBeUndefined();
  });

  it.each([
    ["nothing runs", up(0, { requested: 1 })],
    ["another one starts", up(1, { starting: 1, requested: 2 })],
  ])("does not end by time in which %s", (_, counts) => {
    const task = probing();
    lives(task, 11);
    for (let i = 0; i < 100; i++) task.counted(counts);
    lives(task, 10);
    expect(task.growth()).toBe(0);
    lives(task, 1);
    expect(task.growth()).toBeUndefined();
  });

  it("does not end by time in which a request is pending", () => {
    const task = probing();
    for (let i = 0; i < 100; i++) task.counted(up(1), { isPending: true });
    expect(task.growth()).toBe(0);
  });

  it("is not ended by time between two crashes", () => {
    const task = probing();
    lives(task, 15);
    task.crash(up(1));
    task.wait(2000);
    noteGrowth(task.loop);
    lives(task, 20);
    expect(task.growth()).toBe(0);
  });

  it("leaves it to the backend where that tries itself", () => {
    const task = held({ replaces: true });
    task.wait(60_000);
    expect(task.growth(true)).toBe(0);
    expect(task.growth(false)).toBe(1);
  });
});

describe("crashes", () => {
  it("are counted from what was seen first: those of before are nobody's", () => {
    const loop: CrashLoop = noCrashes();
    const now = { mono: 5, wall: 0, chance: 0 };
    const options = { replaces: false, isPending: false };
    noteCounts(loop, up(1, { crashed: 7 }), options, now);
    expect(loop.crashes).toBe(0);
    noteCounts(loop, up(1), options, now);
    noteCounts(loop, up(1, { crashed: 7 }), options, now);
    expect(loop.crashes).toBe(0);
    noteCounts(loop, up(1, { crashed: 6 }), options, now);
    expect(loop.crashes).toBe(0);
    noteCounts(loop, up(1, { crashed: 7 }), options, now);
    expect(loop.crashes).toBe(1);
  });

  it("that are 20 s apart, by what lives, make no loop", () => {
    const task = watching();
    for (let i = 0; i < 10; i++) {
      task.crash(up(1));
      lives(task, 21);
    }
    expect(task.growth()).toBeUndefined();
    expect(task.loop.crashes).toBe(0);
  });

  it("less than 20 s apart make one", () => {
    const task = watching();
    for (let i = 0; i < 3; i++) {
      lives(task, 19);
      task.crash(up(1));
    }
    expect(task.growth()).toBe(0);
  });

  it("are told with their reason, and with who tries again", () => {
    expect(crashReason(false, up(0, { lastCrash: "exit code 1" }))).toBe(
      "crash loop, trying one instance at a time: exit code 1",
    );
    expect(crashReason(true, undefined)).toBe(
      "crash loop, no more instances until these stay up: instances end at once",
    );
  });
});
