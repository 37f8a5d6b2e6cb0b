import { expect, test } from "vitest";
import {
  decideTurn,
  isCron,
  isTimeZone,
  layOutTasks,
  NOTHING_MEASURED,
  openDeciding,
} from "../src/index.ts";
import { nextStart } from "../src/cron.ts";
import { boundsAt, holdsAt, viewAt, type ScheduledBounds } from "../src/decide/schedule.ts";
import { nothingObserved } from "../src/observe/observed.ts";
import type { TaskSpec, WindowSpec } from "../src/spec.ts";

const HOUR = 3_600_000;
const at = (text: string): number => new Date(text).getTime();

function taskWith(...schedule: WindowSpec[]): TaskSpec {
  return {
    name: "t",
    priority: 1,
    min: 1,
    max: 10,
    maxDelta: 100,
    uses: { instances: 1 },
    target: { use: "remainder" },
    workload: {},
    schedule,
  };
}

function window(start: string, hours: number, more: Partial<WindowSpec>): WindowSpec {
  return { start, durationMs: hours * HOUR, timeZone: "UTC", ...more };
}

const boundsOf = (task: TaskSpec, now: number): ScheduledBounds => boundsAt(task, now, nextStart);
const minAt = (task: TaskSpec, time: string): number => boundsOf(task, at(time)).bounds.min;
const maxAt = (task: TaskSpec, time: string): number => boundsOf(task, at(time)).bounds.max;

test("a window is open from its start to just before its end, on its days only", () => {
  const task = taskWith(window("0 8 * * 1-5", 10, { min: 5 }));
  // 2026-11-23 is a Monday.
  expect(minAt(task, "2026-11-23T07:59:59.999Z")).toBe(1);
  expect(minAt(task, "2026-11-23T08:00:00.000Z")).toBe(5);
  expect(minAt(task, "2026-11-23T08:00:00.001Z")).toBe(5);
  expect(minAt(task, "2026-11-23T17:59:59.999Z")).toBe(5);
  expect(minAt(task, "2026-11-23T18:00:00.000Z")).toBe(1);
  expect(minAt(task, "2026-11-22T12:00:00Z")).toBe(1);
  expect(maxAt(task, "2026-11-23T12:00:00Z")).toBe(10);
});

test("says until when its bounds hold", () => {
  const task = taskWith(window("0 8 * * *", 10, { min: 5 }));
  expect(boundsOf(task, at("2026-11-23T07:00:00Z")).until).toBe(at("2026-11-23T08:00:00Z"));
  expect(boundsOf(task, at("2026-11-23T08:00:00Z")).until).toBe(at("2026-11-23T18:00:00Z"));
  expect(boundsOf(task, at("2026-11-23T18:00:00Z")).until).toBe(at("2026-11-24T08:00:00Z"));
  expect(boundsOf(taskWith(), 0).until).toBe(Number.POSITIVE_INFINITY);
});

test("starts by the clock on the wall of its time zone, in summer and in winter", () => {
  const task = taskWith(window("0 8 * * *", 1, { min: 5, timeZone: "Europe/Berlin" }));
  expect(minAt(task, "2026-07-01T06:00:00Z")).toBe(5);
  expect(minAt(task, "2026-07-01T07:00:00Z")).toBe(1);
  expect(minAt(task, "2026-12-01T06:30:00Z")).toBe(1);
  expect(minAt(task, "2026-12-01T07:00:00Z")).toBe(5);
});

test("a start in the hour that the clocks skip comes right after it; its length is real time", () => {
  const task = taskWith(window("30 2 * * *", 2, { min: 5, timeZone: "Europe/Berlin" }));
  // On 2026-03-29 the clocks go from 2:00 to 3:00, at 1:00 UTC.
  expect(minAt(task, "2026-03-29T00:59:59Z")).toBe(1);
  expect(minAt(task, "2026-03-29T01:00:00Z")).toBe(5);
  expect(minAt(task, "2026-03-29T02:59:59Z")).toBe(5);
  expect(minAt(task, "2026-03-29T03:00:00Z")).toBe(1);
});

test("a start in the hour that the clocks repeat comes once", () => {
  const task = taskWith(window("30 2 * * *", 0.5, { min: 5, timeZone: "Europe/Berlin" }));
  // On 2026-10-25 it is 2:30 at 0:30 UTC, and again at 1:30 UTC.
  expect(minAt(task, "2026-10-25T00:30:00Z")).toBe(5);
  expect(minAt(task, "2026-10-25T01:00:00Z")).toBe(1);
  expect(minAt(task, "2026-10-25T01:30:00Z")).toBe(1);
  expect(minAt(task, "2026-10-26T01:30:00Z")).toBe(5);
});

test("a window that is open at midnight stays open over it", () => {
  const task = taskWith(window("0 22 * * 5", 8, { max: 3 }));
  // 2026-11-27 is a Friday.
  expect(maxAt(task, "2026-11-27T23:59:59Z")).toBe(3);
  expect(maxAt(task, "2026-11-28T05:59:59Z")).toBe(3);
  expect(maxAt(task, "2026-11-28T06:00:00Z")).toBe(10);
});

test("of windows that are open at once the first one counts, whole", () => {
  const task = taskWith(
    window("0 9 * * *", 2, { min: 7 }),
    window("0 8 * * *", 10, { min: 5, max: 20 }),
  );
  expect(boundsOf(task, at("2026-11-23T08:30:00Z")).bounds).toEqual({ min: 5, max: 20 });
  expect(boundsOf(task, at("2026-11-23T09:30:00Z")).bounds).toEqual({ min: 7, max: 10 });
  expect(boundsOf(task, at("2026-11-23T11:00:00Z")).bounds).toEqual({ min: 5, max: 20 });
});

test("a window that starts again while it is open stays open", () => {
  const task = taskWith(window("0 * * * *", 1.5, { min: 5 }));
  for (let minute = 0; minute < 300; minute++)
    expect(boundsOf(task, at("2026-11-23T12:00:00Z") + minute * 60_000).bounds.min).toBe(5);
});

test("a deciding keeps to the bounds of the moment", () => {
  const tasks = [taskWith(window("0 8 * * *", 1, { max: 3 }))];
  const deciding = openDeciding({ tasks, capacity: { instances: 20 } });
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const observed = [{ ...nothingObserved(), counts, countsProblem: undefined }];
  const grantAt = (time: string): number | undefined =>
    decideTurn(deciding, observed, NOTHING_MEASURED, 1, at(time))[0]?.granted;
  expect(grantAt("2026-11-23T07:59:00Z")).toBe(10);
  expect(grantAt("2026-11-23T08:00:00Z")).toBe(3);
  expect(grantAt("2026-11-23T09:00:00Z")).toBe(10);
  // A clock that was set back.
  expect(grantAt("2026-11-23T08:30:00Z")).toBe(3);
});

test("cron is read only at an edge, and once for all tasks with the same window", () => {
  const shared = window("0 8 * * *", 1, { min: 2, max: 3 });
  const table = layOutTasks([taskWith(shared), { ...taskWith(shared), name: "u" }], {});
  let reads = 0;
  const view = viewAt(table, at("2026-11-23T08:30:00Z"), (...asked) => {
    reads++;
    return nextStart(...asked);
  });
  expect(reads).toBe(1);
  expect([...view.table.max]).toEqual([3, 3]);
  expect([...view.table.min]).toEqual([2, 2]);
  // Those of the table stay as they are.
  expect([...table.max]).toEqual([10, 10]);
  expect([...table.min]).toEqual([1, 1]);
  expect(holdsAt(view, at("2026-11-23T08:30:00Z"))).toBe(true);
  expect(holdsAt(view, at("2026-11-23T08:59:59Z"))).toBe(true);
  expect(holdsAt(view, at("2026-11-23T09:00:00Z"))).toBe(false);
  expect(holdsAt(view, at("2026-11-23T08:29:59Z"))).toBe(false);
});

test("where no task has a schedule the table stays as it is, for ever", () => {
  const { schedule: _none, ...task } = taskWith();
  const table = layOutTasks([task], {});
  const view = viewAt(table, 0, nextStart);
  expect(view.table).toBe(table);
  expect(holdsAt(view, -1) && holdsAt(view, 1e15)).toBe(true);
});

test("what is unlimited stays so while another task has a schedule", () => {
  const endless = Number.POSITIVE_INFINITY;
  const { schedule: _none, ...unlimited } = { ...taskWith(), name: "u", max: endless };
  const scheduled = taskWith(window("0 8 * * *", 1, { max: endless }));
  const deciding = openDeciding({
    tasks: [unlimited, scheduled],
    capacity: { instances: 20 },
  });
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const seen = { ...nothingObserved(), counts, countsProblem: undefined };
  const grantsAt = (time: string): readonly number[] =>
    decideTurn(deciding, [seen, seen], NOTHING_MEASURED, at(time)).map(({ granted }) => granted);
  expect(grantsAt("2026-11-23T07:59:00Z")).toEqual([18, 2]);
  expect(grantsAt("2026-11-23T08:00:00Z")).toEqual([18, 2]);
});

test.each([3e9, Infinity])("a min of %d is kept as without a schedule", (min) => {
  const task = { ...taskWith(window("0 8 * * *", 1, { max: Infinity })), min, max: Infinity };
  const table = layOutTasks([task], {});
  expect(viewAt(table, 0, nextStart).table.min).toEqual(table.min);
});

test.each(["0 8 * * 1-5", "*/15 6-22 * * *", "0 0 1 JAN *", "0 0 29 2 *"])("%s is cron", (text) => {
  expect(isCron(text)).toBe(true);
});

test.each(["", "8:00", "0 8 * *", "0 0 8 * * *", "60 8 * * *", "0 0 31 2 *", "@daily x"])(
  "%j is not cron that comes true",
  (text) => {
    expect(isCron(text)).toBe(false);
  },
);

test("knows time zones", () => {
  expect(["Europe/Berlin", "UTC", "Etc/GMT+2"].filter((name) => !isTimeZone(name))).toEqual([]);
  expect(["", "Berlin", "CEST/8"].filter((name) => isTimeZone(name))).toEqual([]);
});

test("a remainder takes what a window allows, and what the capacity grows by, once they do", () => {
  const task = { ...taskWith(window("0 8 * * *", 1, { max: 20 })), min: 0, max: 10 };
  const deciding = openDeciding({ tasks: [task], capacity: { instances: 30, cpu: 0 } });
  const counts = { running: 0, starting: 0, stopping: 0, requested: 0 };
  const seen = { ...nothingObserved(), counts, countsProblem: undefined };
  const desiredAt = (time: string, cpu: number): number =>
    decideTurn(deciding, [seen], { amounts: { cpu } }, 0, at(time))[0]!.desired;
  expect(desiredAt("2026-11-23T07:59:59Z", 30)).toBe(10);
  expect(desiredAt("2026-11-23T08:00:00Z", 30)).toBe(20);
  expect(desiredAt("2026-11-23T09:00:00Z", 30)).toBe(10);
});
