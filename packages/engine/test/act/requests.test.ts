import { describe, expect, it } from "vitest";
import { requestWithinRoom } from "../../src/act/requests.ts";
import { layOutTasks } from "../../src/decide/task-table.ts";
import { nothingObserved, type Observed } from "../../src/observe/observed.ts";
import type { Amounts, Counts } from "@microscaling/core";
import { fixed, up } from "../step/opened.ts";

interface Known {
  readonly counts?: Counts;
  readonly pending?: readonly number[];
  /** Requests after those, of which nobody knows whether they took effect. */
  readonly doubtful?: readonly number[];
  readonly granted: number;
  readonly max?: number;
  readonly priority?: number;
  readonly uses?: Amounts;
}

/** What is requested of tasks `0`, `1`, … by priority. */
function request(capacity: Amounts, known: readonly Known[]) {
  const tasks = known.map(({ max = 10, priority, uses = {} }, i) =>
    fixed(String(i), 0, { max, priority: priority ?? i + 1, uses }),
  );
  const observed = known.map(({ counts, pending = [], doubtful = [] }): Observed => ({
    ...nothingObserved(),
    counts,
    pending: [
      ...pending.map((instances) => ({ instances })),
      ...doubtful.map((instances) => ({ instances, doubtful: true })),
    ],
  }));
  const current = known.map(({ counts, pending = [] }) => pending.at(-1) ?? counts?.requested ?? 0);
  const { requested, leaving } = requestWithinRoom(
    layOutTasks(tasks, capacity),
    observed,
    Int32Array.from(current),
    Int32Array.from(known, ({ granted }) => granted),
  );
  return { requested: [...requested], leaving };
}

describe("what may be requested now", () => {
  it("is all that was granted where there is room", () => {
    const tasks = [
      { counts: up(0), granted: 6 },
      { counts: up(1), granted: 4 },
    ];
    expect(request({ instances: 10 }, tasks)).toEqual({ requested: [6, 4], leaving: -1 });
  });

  it("is every stop at once, and starts only into what is free", () => {
    const tasks = [
      { counts: up(0), granted: 6 },
      { counts: up(8), granted: 4 },
    ];
    expect(request({ instances: 10 }, tasks)).toEqual({ requested: [2, 4], leaving: 1 });
  });

  it("is no number that may be a start, where a lower one may have taken effect and there is no room", () => {
    const toShrink = { counts: up(10), doubtful: [5], granted: 7 };
    expect(request({ instances: 10 }, [toShrink]).requested).toEqual([10]);
    expect(request({ instances: 12 }, [toShrink]).requested).toEqual([7]);
    const toGrow = { counts: up(10), doubtful: [5], granted: 12, max: 20 };
    expect(request({ instances: 12 }, [toGrow]).requested).toEqual([10]);
    expect(request({ instances: 17 }, [toGrow]).requested).toEqual([12]);
  });

  it("is not what instances that stop still use", () => {
    const tasks = [
      { counts: up(0), granted: 6 },
      { counts: up(4, { stopping: 3 }), granted: 4 },
    ];
    expect(request({ instances: 10 }, tasks)).toEqual({ requested: [3, 4], leaving: 1 });
  });

  it("is not what a request that counts do not show may have started", () => {
    const tasks = [
      { counts: up(0), pending: [8, 2], granted: 2 },
      { counts: up(0), granted: 8 },
    ];
    expect(request({ instances: 10 }, tasks).requested).toEqual([2, 2]);
  });

  it("is again what a task may have already, without more room", () => {
    const tasks = [{ counts: up(6), pending: [2], granted: 7 }];
    // 6 may exist, of which 4 stop: asking for up to 2 takes nothing, and 4 more are free.
    expect(request({ instances: 10 }, tasks).requested).toEqual([6]);
    const shown = [{ counts: up(6, { requested: 2 }), granted: 7 }];
    expect(request({ instances: 10 }, shown).requested).toEqual([7]);
  });

  it("is kept for whoever comes first, not given to whoever fits", () => {
    const tasks = [
      { counts: up(0), granted: 3, uses: { cpu: 2 } },
      { counts: up(0), granted: 5, uses: { cpu: 1 } },
      { counts: up(6), granted: 0, uses: { cpu: 1 } },
    ];
    expect(request({ cpu: 11 }, tasks).requested).toEqual([2, 0, 0]);
  });

  it("goes by priority, and by the order of the config among equals", () => {
    const tasks = [
      { counts: up(0), granted: 6, priority: 2 },
      { counts: up(0), granted: 6, priority: 1 },
      { counts: up(0), granted: 6, priority: 2 },
    ];
    expect(request({ instances: 8 }, tasks).requested).toEqual([2, 6, 0]);
  });

  it("is nothing into the room of a task that was never counted: it may have its max", () => {
    const tasks = [
      { granted: 0, max: 7 },
      { counts: up(0), granted: 5 },
    ];
    expect(request({ instances: 10 }, tasks)).toEqual({ requested: [0, 3], leaving: -1 });
  });

  it("leaves to others what a task that stays would need to grow back, should it have shrunk unseen", () => {
    const tasks = [
      { counts: up(10), doubtful: [5], granted: 10 },
      { counts: up(0), granted: 10 },
    ];
    expect(request({ instances: 20 }, tasks).requested).toEqual([10, 10]);
  });

  it("is never less than a task has because there is too little room", () => {
    const tasks = [{ counts: up(8), granted: 9 }];
    expect(request({ instances: 4 }, tasks).requested).toEqual([8]);
  });

  it("names a task that others wait for: the last that shrinks or stops", () => {
    const tasks = [
      { counts: up(2), granted: 1 },
      { counts: up(1, { stopping: 1 }), granted: 1 },
      { counts: up(1), granted: 1 },
    ];
    expect(request({ instances: 10 }, tasks).leaving).toBe(1);
    expect(request({ instances: 10 }, tasks.slice(0, 1)).leaving).toBe(0);
    expect(request({ instances: 10 }, tasks.slice(2)).leaving).toBe(-1);
  });
});
