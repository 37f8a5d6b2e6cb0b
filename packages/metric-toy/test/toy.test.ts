import { expect, test } from "vitest";
import { createTestClock } from "@microscaling/conformance";
import { createToyMetric } from "../src/index.ts";

const clock = createTestClock();
const never = new AbortController().signal;
const queries = ["a", "b", "c", "d"].map((task) => ({ task, query: {} }));

test("each task reads what was set for it; nothing set is a failure", async () => {
  const metric = createToyMetric({ clock });
  metric.set("a", 7, { inFlight: 2 });
  metric.fail("b", "no route to host");
  metric.hold("c", "paused");
  const at = clock.now();
  expect(await metric.read(queries, never)).toMatchObject([
    { kind: "reading", value: 7, at, parts: { inFlight: 2 } },
    { kind: "failure", error: { message: "no route to host" } },
    { kind: "hold", reason: "paused" },
    { kind: "failure", error: { message: "no answer is set for d" } },
  ]);
  metric.set("b", Number.NaN);
  expect(await metric.read([{ task: "b", query: {} }], never)).toEqual([
    { kind: "reading", value: Number.NaN, at },
  ]);
  expect(metric.reads).toBe(2);
});

test("reads hang until they are aborted or let go on", async () => {
  const metric = createToyMetric({ clock });
  metric.set("a", 1);
  metric.hang();
  const deadline = new AbortController();
  const aborted = metric.read(queries, deadline.signal);
  const patient = metric.read([{ task: "a", query: {} }], never);
  deadline.abort(new Error("too late"));
  await expect(aborted).rejects.toThrow("too late");
  metric.set("a", 2);
  metric.resume();
  expect(await patient).toMatchObject([{ value: 2 }]);
});

test("changes are pushed to those who watch, until their signal aborts", async () => {
  const metric = createToyMetric({ clock });
  const stop = new AbortController();
  let pushed = 0;
  const watching = metric.watch?.(queries, () => (pushed += 1), stop.signal);
  metric.set("a", 1);
  metric.fail("b", "down");
  expect(pushed).toBe(2);
  stop.abort();
  await watching;
  metric.set("a", 2);
  expect(pushed).toBe(2);
});
