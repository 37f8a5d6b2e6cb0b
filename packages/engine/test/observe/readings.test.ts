import { MicroscalingError, type Metric } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import type { EngineSpec, TaskSpec } from "../../src/spec.ts";
import {
  abandoned,
  EPOCH_MS,
  failed,
  fixed,
  only,
  open,
  specOf,
  value,
  type Opened,
} from "../step/opened.ts";
import { queue, taskSpec } from "../world.ts";

const DOWN = new MicroscalingError("ERR_METRIC_UNREACHABLE", "no nsqd");

const task = (name: string, settings: Partial<TaskSpec> = {}) =>
  taskSpec(name, queue(10), settings);
const looksAt = (source: string, query: unknown = {}) => ({
  metric: { source, query, maxAgeMs: 10_000, failures: 3, fallback: "hold" } as const,
});

/** A reading of so many, taken now by the machine's clock. */
function reading({ now }: Opened, amount: number, ageMs = 0): unknown {
  return { kind: "reading", value: amount, at: now.wall - ageMs };
}

/** Two tasks that look at `toy`, and a read of it under way. */
function reads(...tasks: TaskSpec[]): Opened {
  const agent = open(tasks.length > 0 ? tasks : [task("a"), task("b")]);
  agent.wait(0);
  return agent;
}

function reload(agent: Opened, tasks: readonly TaskSpec[], changes: Partial<EngineSpec> = {}) {
  return agent.send({ type: "configured", spec: { ...agent.spec, tasks, ...changes } });
}

describe("a source", () => {
  it("is read at once for the tasks that look at it, then in every interval", () => {
    const agent = open([
      task("a", looksAt("toy", { topic: "x" })),
      fixed("none", 1),
      task("b", looksAt("toy")),
    ]);
    const [first] = only(agent.wait(0), "read");
    expect(first).toMatchObject({
      source: "toy",
      queries: [
        { task: "a", query: { topic: "x" } },
        { task: "b", query: {} },
      ],
    });
    expect(only(agent.wait(400), "read")).toEqual([]);
    agent.answerRead("toy", failed(DOWN));
    expect(only(agent.wait(99), "read")).toEqual([]);
    expect(only(agent.wait(1), "read")).toHaveLength(1);
    expect(only(agent.wait(60_000), "read")).toEqual([]);
  });

  it("that nobody looks at is not read", () => {
    expect(only(open([fixed("a", 1)]).wait(0), "read")).toEqual([]);
  });

  it("is read soon when it tells of a change, and no other is", () => {
    const { sources } = specOf([]);
    const agent = open([task("a"), task("b", looksAt("other"))], {
      sources: new Map([...sources, ["other", sources.get("toy")!]]),
    });
    agent.wait(0);
    for (const source of ["toy", "other"]) agent.answerRead(source, failed(DOWN));
    agent.send({ type: "sourceChanged", source: "other" });
    expect(only(agent.wait(5), "read").map(({ source }) => source)).toEqual(["other"]);
  });

  it("that answers leads to a turn", () => {
    const agent = reads();
    agent.answerRead("toy", failed(DOWN));
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
  });

  it("that is not read any more may answer what it likes", () => {
    const agent = reads();
    const [source] = agent.state.sources;
    const id = source!.pace.underWay!.id;
    reload(agent, [fixed("a", 1)]);
    agent.send({ type: "read", source: "toy", id, answer: value([reading(agent, 5)]) });
    expect(agent.task().reading).toBeUndefined();
  });

  it("is not read while three reads hang, which is a failure for its tasks, until one returns", () => {
    const agent = reads();
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(agent.state.sources[0]!.pace.underWay!.id);
      agent.answerRead("toy", abandoned());
      if (i < 2) agent.wait(500);
    }
    agent.wait(498);
    expect(agent.task("a").failures).toBe(3);
    expect(only(agent.wait(2), "read")).toEqual([]);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(agent.state.sources[0]?.pace.nextAt).toBe(agent.now.mono + 500);
    for (const name of ["a", "b"]) {
      expect(agent.task(name).failures).toBe(4);
      expect(agent.task(name).noReading).toMatch(/^metric toy: 3 reads hang/);
    }
    expect(only(agent.wait(499), "read")).toEqual([]);
    agent.send({ type: "returned", id: ids[0]! });
    expect(only(agent.wait(1), "read")).toHaveLength(1);
  });
});

describe("what a source answers", () => {
  it("is for each task its own", () => {
    const agent = reads();
    agent.answerRead("toy", value([reading(agent, 5), { kind: "hold", reason: "no data yet" }]));
    expect(agent.task("a").reading).toMatchObject({ kind: "reading", value: 5 });
    expect(agent.task("a").noReading).toBeUndefined();
    expect(agent.task("b").reading).toBeUndefined();
    expect(agent.task("b").noReading).toBe("no data yet");
  });

  it("is dated by the engine's own time, whatever was done to the machine's clock", () => {
    const agent = reads(task("a"));
    agent.now.wall += 3_600_000;
    agent.answerRead("toy", value([reading(agent, 5, 300)]));
    expect(agent.task().reading?.at).toBe(EPOCH_MS + agent.now.mono - 300);
  });

  it("is the same one, and gets older, while the plugin keeps it", () => {
    const agent = reads(task("a"));
    const kept = reading(agent, 7);
    agent.answerRead("toy", value([kept]));
    const { at } = agent.task().reading!;
    agent.wait(500.7);
    // Only the monotonic clock knows parts of milliseconds.
    agent.now.wall = Math.floor(agent.now.wall);
    agent.answerRead("toy", value([kept]));
    expect(agent.task().reading).toMatchObject({ value: 7, at });
  });

  it("harms nobody else when looking at one result throws", () => {
    const agent = reads();
    const results: unknown[] = [reading(agent, 3), undefined];
    Object.defineProperty(results, 1, {
      get() {
        throw new Error("a trap");
      },
    });
    agent.answerRead("toy", value(results));
    for (const name of ["a", "b"]) expect(agent.task(name).noReading).toMatch(/a trap/);
    expect(agent.wait(500).some(({ type }) => type === "read")).toBe(true);
  });

  it("is no news when the plugin has kept it, and gets older", () => {
    const agent = reads(task("a"));
    const kept = reading(agent, 5);
    agent.answerRead("toy", value([kept]));
    const first = agent.task().reading;
    agent.wait(500);
    agent.now.wall += 3_600_000;
    agent.answerRead("toy", failed(DOWN));
    agent.wait(500);
    agent.answerRead("toy", value([kept]));
    expect(agent.task()).toMatchObject({ reading: first, failures: 0 });
    expect(agent.task().noReading).toBeUndefined();
  });

  it("is not of the future: a clock that runs ahead makes nothing look fresh", () => {
    const agent = reads(task("a"));
    agent.answerRead("toy", value([reading(agent, 5, -5000)]));
    expect(agent.task().reading?.at).toBe(EPOCH_MS + agent.now.mono);
  });

  it.each([
    ["an error", failed(DOWN), "no nsqd"],
    ["what is no error", failed("gone"), "metric toy: gone"],
    ["nothing in time", abandoned(), "metric toy: no answer in time"],
    [
      "too few results",
      value([{ kind: "hold", reason: "x" }]),
      "metric toy: expected 2 results, one for each query, found 1 results",
    ],
    [
      "no list",
      value(undefined),
      "metric toy: expected 2 results, one for each query, found undefined",
    ],
  ])("is a failure for all of its tasks when it is %s", (_, answer, problem) => {
    const agent = reads();
    agent.answerRead("toy", answer);
    for (const name of ["a", "b"])
      expect(agent.task(name)).toMatchObject({
        failures: 1,
        metricFailures: 1,
        noReading: problem,
        reading: undefined,
      });
  });

  it("may be wrong for one task alone", () => {
    const agent = reads();
    agent.answerRead("toy", value([null, reading(agent, 5)]));
    expect(agent.task("a").noReading).toContain("the result for a");
    expect(agent.task("b").reading?.value).toBe(5);
  });

  it("counts failures in a row, and since the start; the reading from before stays", () => {
    const agent = reads(task("a"));
    const next = (...answers: Parameters<Opened["answerRead"]>) => {
      agent.answerRead(...answers);
      agent.wait(500);
    };
    next("toy", value([reading(agent, 5)]));
    next("toy", failed(DOWN));
    next("toy", failed(DOWN));
    expect(agent.task()).toMatchObject({
      failures: 2,
      metricFailures: 2,
      reading: { value: 5 },
      noReading: "no nsqd",
    });
    next("toy", value([{ kind: "hold", reason: "full" }]));
    expect(agent.task()).toMatchObject({
      failures: 0,
      metricFailures: 2,
      reading: { value: 5 },
      noReading: "full",
    });
    next("toy", failed(DOWN));
    next("toy", value([reading(agent, 6)]));
    expect(agent.task()).toMatchObject({ failures: 0, metricFailures: 3, reading: { value: 6 } });
    expect(agent.task().noReading).toBeUndefined();
  });

  it("comes too late when nobody waits for it any more", () => {
    const agent = reads(task("a"));
    const id = agent.state.sources[0]!.pace.underWay!.id;
    agent.answerRead("toy", abandoned());
    agent.send({ type: "read", source: "toy", id, answer: value([reading(agent, 5)]) });
    agent.send({
      type: "read",
      source: "unknown",
      id,
      answer: value([reading(agent, 5)]),
    });
    expect(agent.task().reading).toBeUndefined();
  });
});

describe("a read that a reload overtakes", () => {
  it("is used for tasks that look at the same, wherever they stand now", () => {
    const agent = reads();
    reload(agent, [task("b", { max: 3 }), task("a")]);
    agent.answerRead("toy", value([reading(agent, 1), reading(agent, 2)]));
    expect(agent.task("a").reading?.value).toBe(1);
    expect(agent.task("b").reading?.value).toBe(2);
  });

  it("is not used for a task that looks at something else", () => {
    const agent = reads(task("a"), task("b"));
    reload(agent, [task("a", looksAt("toy", { topic: "other" })), task("b")]);
    agent.answerRead("toy", value([reading(agent, 1), reading(agent, 2)]));
    expect(agent.task("a").reading).toBeUndefined();
    expect(agent.task("a").noReading).toBe("not read yet");
    expect(agent.task("b").reading?.value).toBe(2);
  });

  it("is not used for a task that looks at another source", () => {
    const agent = reads(task("a"), task("b"));
    const { sources } = agent.spec;
    const other = new Map([...sources, ["other", sources.get("toy")!]]);
    reload(agent, [task("b"), task("a", looksAt("other"))], { sources: other });
    agent.answerRead("toy", value([reading(agent, 1), reading(agent, 2)]));
    expect(agent.task("a").reading).toBeUndefined();
    expect(agent.task("b").reading?.value).toBe(2);
  });

  it("goes on; the source is read again right after it", () => {
    const agent = reads(task("a"));
    agent.wait(10);
    reload(agent, [task("a"), task("new")]);
    expect(only(agent.wait(0), "read")).toEqual([]);
    agent.answerRead("toy", value([reading(agent, 1)]));
    const [again] = only(agent.wait(40), "read");
    expect(again?.queries.map(({ task: name }) => name)).toEqual(["a", "new"]);
  });

  it("of one source among several goes on as well", () => {
    const { sources } = specOf([]);
    const both = new Map([...sources, ["other", sources.get("toy")!]]);
    const tasks = [task("a"), task("b", looksAt("other"))];
    const agent = open(tasks, { sources: both });
    agent.wait(0);
    agent.send({ type: "configured", spec: agent.spec });
    agent.answerRead("other", value([reading(agent, 2)]));
    agent.answerRead("toy", value([reading(agent, 1)]));
    expect(agent.task("a").reading?.value).toBe(1);
    expect(agent.task("b").reading?.value).toBe(2);
  });

  it("is nobody's when the source is another one now, which is read at once", () => {
    const agent = reads(task("a"));
    const id = agent.state.sources[0]!.pace.underWay!.id;
    const toy = agent.spec.sources.get("toy")!;
    const metric = { ...toy.metric } as Metric;
    reload(agent, [task("a")], { sources: new Map([["toy", { ...toy, metric }]]) });
    expect(only(agent.wait(0), "read")).toHaveLength(1);
    agent.send({ type: "read", source: "toy", id, answer: value([reading(agent, 1)]) });
    expect(agent.task().reading).toBeUndefined();
  });
});
