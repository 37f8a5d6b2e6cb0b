import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MicroscalingError } from "@microscaling/core";
import type { TaskSpec } from "@microscaling/engine";
import { beforeAll, expect, test } from "vitest";
import { readRecord, type RecordedTurn } from "../src/record.ts";
import { replayRecord } from "../src/replay.ts";
import { createRecordedWorld, TASKS, type RecordedWorld } from "./record-world.ts";

const DOWN = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");

const [mails, orders, images, , batch] = TASKS as [
  TaskSpec,
  TaskSpec,
  TaskSpec,
  TaskSpec,
  TaskSpec,
];

/** A load that swings, with what a backend would count; the same at every run. */
function load({ metric }: RecordedWorld, second: number): void {
  for (const [i, { name }] of TASKS.entries()) {
    const ready = Math.max(0, Math.round(60 * Math.sin((second + 20 * i) / (15 + i)) + 7.3 * i));
    const arrived = Math.round(second * (3 + i) + ready);
    metric.set(name, ready, { ready, arrived, finished: arrived - ready });
  }
}

/** Recorded once for all tests. */
let once: Promise<RecordedWorld>;
const live = (): Promise<RecordedWorld> => once;
beforeAll(async () => {
  once = record();
  await once;
}, 30_000);

/** Ten minutes in which everything happens that an engine may live to see. */
async function record(): Promise<RecordedWorld> {
  const world = createRecordedWorld();
  const { engine, clock, metric, scheduler, spec } = world;
  let reloaded: Promise<void> | undefined;
  engine.start();
  for (let second = 0; second < 600; second++) {
    load(world, second);
    if (second === 5) world.capacity = 12.5;
    if (second > 100 && second < 120) metric.fail("orders", "connection refused");
    if (second > 140 && second < 150) metric.hold("mails", "paused");
    if (second === 200) world.capacity = DOWN;
    if (second === 260) world.capacity = 6;
    if (second === 300) scheduler.unreachable(true);
    if (second === 310) scheduler.unreachable(false);
    if (second > 315 && second < 345) for (const { name } of TASKS) scheduler.crash(name);
    if (second === 350) scheduler.fail("orders", DOWN, "scale");
    if (second === 380) scheduler.fix("orders");
    // It waits for the calls under way, which end as the time goes on.
    if (second === 400)
      reloaded = engine.reload({
        ...spec,
        // The order changes, one is gone, one has another target, and one looks at another queue.
        tasks: [
          batch,
          { ...images, target: { use: "simple-queue", length: 5 } },
          orders,
          { ...mails, metric: { ...mails.metric!, query: { url: "another-secret" } } },
        ],
      });
    await clock.advance(1000);
  }
  await reloaded;
  return world;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(structuredClone(item));
  return list;
}

function read(lines: readonly string[], cuts: string[] = []): AsyncIterable<RecordedTurn> {
  return readRecord({ lines, name: "live.jsonl", cut: (problem) => cuts.push(problem) });
}

test("a recorded live run, replayed, decides exactly the same", async () => {
  const world = await live();
  const replayed = await all(replayRecord(read(world.lines)));
  expect(replayed.length).toBe(world.live.length);
  expect(replayed.map(({ recorded }) => recorded.decisions)).toEqual(world.live);
  expect(replayed.map(({ decisions }) => decisions)).toEqual(world.live);
  // It is not for want of anything to decide.
  const limits = new Set(world.live.flat().flatMap((one) => one.limits.map(({ by }) => by)));
  expect([...limits]).toEqual(
    expect.arrayContaining(["held", "min", "capacity", "counts", "waiting", "backoff"]),
  );
  for (const { name } of TASKS) {
    const own = world.live.flat().filter(({ task }) => task === name);
    expect(new Set(own.map(({ requested }) => requested)).size).toBeGreaterThan(3);
  }
  expect(world.live.flat().some(({ belief }) => belief?.expectedWaitSeconds !== undefined)).toBe(
    true,
  );
  expect(replayed.flatMap(({ recorded }) => recorded.opens ?? [])).toEqual(["start", "reload"]);
});

test("another engine's decisions would show", async () => {
  const { lines } = await live();
  // As if this engine had another bound.
  const changed = lines.map((line) => line.replace('"max":20', '"max":7'));
  const replayed = await all(replayRecord(read(changed)));
  const differs = replayed.filter(
    ({ recorded, decisions }) => JSON.stringify(decisions) !== JSON.stringify(recorded.decisions),
  );
  expect(differs.length).toBeGreaterThan(10);
});

test("writes neither workloads nor queries, and only what has changed", async () => {
  const { lines, live: turns } = await live();
  const text = lines.join("\n");
  expect(text).not.toMatch(/secret/);
  expect(lines.length).toBe(turns.length + 2);
  const median = lines.map(({ length }) => length).toSorted((a, b) => a - b)[lines.length >> 1];
  expect(median).toBeLessThan(1500);
});

test("what a crash cut in the middle of a line is left out, and it says so", async () => {
  const { lines } = await live();
  const cut = lines.slice(0, 50);
  cut.push(lines[50]!.slice(0, 20));
  const cuts: string[] = [];
  const turns = await all(read(cut, cuts));
  expect(turns.length).toBe(49);
  expect(cuts).toEqual([
    "live.jsonl:51 is incomplete, as after a crash; the lines before it are used",
  ]);
});

test("a record goes on after a crash, with the agent that is started again", async () => {
  const { lines } = await live();
  const cuts: string[] = [];
  const replayed = await all(
    replayRecord(read([...lines.slice(0, 50), lines[50]!.slice(0, 20), "", ...lines], cuts)),
  );
  expect(cuts).toHaveLength(1);
  expect(replayed.length).toBe(49 + lines.length - 2);
  expect(replayed.map(({ decisions }) => decisions)).toEqual(
    replayed.map(({ recorded }) => recorded.decisions),
  );
});

test("a record of version 1 is read with the names of today, and replayed", async () => {
  // Written by the last engine that wrote version 1: `orders` takes room from `batch`, twice.
  const file = join(import.meta.dirname, "record-1.jsonl");
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const replayed = await all(replayRecord(read(lines)));
  const [first, second, third] = replayed.map(({ recorded }) => recorded);
  expect(first?.decisions).toMatchObject([
    { desired: 0, reason: "held", granted: 0, requested: 0 },
    { desired: 4, reason: "remainder", granted: 4, requested: 4 },
  ]);
  expect(second?.decisions.map(({ limits }) => limits)).toEqual([
    [{ by: "capacity", limitingResource: "instances" }],
    [{ by: "preempted", preemptedBy: "orders" }],
  ]);
  expect(third?.observed[1]).toMatchObject({ pending: [{ instances: 3 }] });
  expect(replayed).toHaveLength(7);
  expect(replayed.map(({ decisions }) => decisions)).toEqual(
    replayed.map(({ recorded }) => recorded.decisions),
  );
});

const HEADER = '{"record":2,"continues":false,"spec":{"tasks":[],"capacity":{}}}';

test.each([
  ["nothing", [], /live\.jsonl: expected the header of a record/],
  ["another file", ["scheduler: x"], /live\.jsonl:1: expected the header/],
  ["no header", ['{"at":1}'], /live\.jsonl:1: expected the header/],
  ["a later version", ['{"record":3}'], /live\.jsonl:1: expected a record of version 1 or 2/],
  ["no spec", ['{"record":2}'], /live\.jsonl:1: expected a header with tasks/],
  ["a turn without its time", [HEADER, '{"a":1}'], /live\.jsonl:2: expected a turn with its time/],
  ["a task too many", [HEADER, '{"at":1,"observed":{"3":{}}}'], /:2: expected changes of the/],
  ["a line in its midst", [HEADER, '{"at"', '{"at":1}'], /live\.jsonl:2: expected a line of JSON/],
])("refuses %s", async (_what, lines, message) => {
  await expect(all(read(lines))).rejects.toMatchObject({
    code: "ERR_RECORD_INVALID",
    message: expect.stringMatching(message) as string,
  });
});
