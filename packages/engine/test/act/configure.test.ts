import { MicroscalingError, type Scheduler } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { hasLeft } from "../../src/act/configure.ts";
import type { EngineSpec, TaskSpec } from "../../src/spec.ts";
import { queue, taskSpec } from "../world.ts";
import {
  ACCEPTED,
  EPOCH_MS,
  fixed,
  logged,
  only,
  open,
  scaled,
  START_MS,
  up,
  value,
  type Opened,
} from "../step/opened.ts";

const DOWN = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");

function reload(agent: Opened, tasks: readonly TaskSpec[], changes: Partial<EngineSpec> = {}) {
  return agent.send({ type: "configured", spec: { ...agent.spec, tasks, ...changes } });
}

const names = ({ state }: Opened) => state.tasks.map(({ spec }) => spec.name);

/** Two tasks that have what they want. Those that a reload removes are drained. */
function running(shutdown: EngineSpec["shutdown"] = "drain", dryRun = false): Opened {
  const agent = open([fixed("a", 2), fixed("b", 3)], { shutdown }, { dryRun });
  agent.count({ a: up(2), b: up(3) });
  return agent;
}

describe("a new engine", () => {
  it("knows nothing, and everything is due", () => {
    const { state } = open([fixed("a", 1), taskSpec("b", queue(1))]);
    expect(state).toMatchObject({
      epochMs: EPOCH_MS,
      phase: "running",
      election: undefined,
      nextId: 1,
      turn: { dueAt: START_MS, changedAt: undefined, lastAt: START_MS, record: undefined },
      counting: { countedAt: -Infinity, asked: [], strangers: [] },
      capacity: { measured: { amounts: {} }, problem: undefined },
    });
    expect(state.sources.map(({ name }) => name)).toEqual(["toy"]);
    expect(state.tasks[0]).toMatchObject({
      leavingSince: undefined,
      countsAt: undefined,
      pending: [],
      backOff: { failures: 0, busy: 0, retryAt: 0, grew: false },
      crashLoop: { phase: "calm", crashes: 0, total: undefined, livedMs: 0, living: false },
      preparation: { phase: "ready" },
      gatherUntil: undefined,
      schedulerProblem: undefined,
      metricFailures: 0,
      schedulerFailures: 0,
    });
  });
});

describe("a reload keeps, of a task that stays,", () => {
  it("everything when nothing but its bounds has changed", () => {
    const agent = open([taskSpec("a", queue(10))]);
    agent.count({ a: up(2) });
    agent.answerRead("toy", value([{ kind: "reading", value: 5, at: agent.now.wall }]));
    agent.send({ type: "failed", task: "a", error: DOWN });
    const before = { ...agent.task() };
    reload(agent, [taskSpec("a", queue(10), { max: 4 })]);
    const { spec, ...after } = agent.task();
    expect(after).toEqual({ ...before, spec: undefined });
    expect(spec.max).toBe(4);
  });

  it("not its readings when it looks at something else", () => {
    const agent = open([taskSpec("a", queue(10))]);
    agent.count({ a: up(2) });
    const hold = { kind: "hold", reason: "full" };
    agent.answerRead("toy", value([{ kind: "reading", value: 5, at: agent.now.wall }]));
    agent.wait(500);
    agent.answerRead("toy", value([hold]));
    agent.task().failures = 2;
    const { metric } = taskSpec("a", queue(10));
    reload(agent, [taskSpec("a", queue(10), { metric: { ...metric!, query: { topic: "x" } } })]);
    expect(agent.task()).toMatchObject({
      counts: up(2),
      reading: undefined,
      noReading: "not read yet",
      failures: 0,
    });
  });

  it("its readings when it is the very same, and not when it looks at another source", () => {
    const task = taskSpec("a", queue(10));
    const { sources } = open([]).spec;
    const both = new Map([...sources, ["other", sources.get("toy")!]]);
    const agent = open([task], { sources: both });
    agent.wait(0);
    agent.answerRead("toy", value([{ kind: "reading", value: 5, at: agent.now.wall }]));
    reload(agent, [task]);
    expect(agent.task().reading?.value).toBe(5);
    reload(agent, [{ ...task, metric: { ...task.metric!, source: "other" } }]);
    expect(agent.task().reading).toBeUndefined();
  });

  it("not its readings when its source reads another server", () => {
    const task = taskSpec("a", queue(10));
    const agent = open([task]);
    agent.wait(0);
    agent.answerRead("toy", value([{ kind: "reading", value: 5, at: agent.now.wall }]));
    const toy = agent.spec.sources.get("toy")!;
    reload(agent, [task], { sources: new Map([["toy", { ...toy, metric: { ...toy.metric } }]]) });
    expect(agent.task().reading).toBeUndefined();
  });

  it("not what failed with its old workload: the new one may be tried at once", () => {
    const { scheduler } = open([]).spec;
    const prepares = { ...scheduler.scheduler, prepare() {} } as unknown as Scheduler;
    const agent = open([fixed("a", 3)], { scheduler: { ...scheduler, scheduler: prepares } });
    agent.count({ a: up(2, { crashed: 7 }) });
    const trouble = () => {
      for (let i = 0; i < 4; i++) agent.send({ type: "failed", task: "a", error: DOWN });
      Object.assign(agent.task().crashLoop, { phase: "held", crashes: 5 });
      agent.task().preparation = { phase: "ready" };
    };
    trouble();
    reload(agent, [fixed("a", 4)]);
    expect(agent.task()).toMatchObject({
      schedulerProblem: "no daemon",
      backOff: { failures: 4 },
      crashLoop: { phase: "held" },
      preparation: { phase: "ready" },
    });
    reload(agent, [fixed("a", 4, { workload: { image: "new" } })]);
    expect(agent.task()).toMatchObject({
      schedulerFailures: 4,
      schedulerProblem: undefined,
      backOff: { failures: 0, retryAt: 0 },
      // Crashes of before are nobody's.
      crashLoop: { phase: "calm", crashes: 0, total: 7 },
      preparation: { phase: "needed" },
      counts: up(2, { crashed: 7 }),
    });
  });

  it("its request under way, so that no other is made", () => {
    const agent = open([fixed("a", 2)]);
    const [call] = only(agent.count({ a: up(0) }), "scale");
    reload(agent, [fixed("a", 5)]);
    expect(scaled(agent.count({ a: up(0) }))).toEqual([]);
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    expect(scaled(agent.count({ a: up(2) }))).toEqual(["a to 5"]);
  });
});

describe("a reload", () => {
  it("lays out the tasks once, and not again in every turn", () => {
    const agent = running();
    expect(only(reload(agent, [fixed("a", 2)]), "opened")).toHaveLength(1);
    expect(only(agent.wait(500), "opened")).toEqual([]);
  });

  it("leads to fresh counts, and to a turn of the new tasks, in the order of the config", () => {
    const agent = running();
    const commands = reload(agent, [fixed("new", 1), fixed("b", 3), fixed("a", 2)]);
    expect(names(agent)).toEqual(["new", "b", "a"]);
    expect(only(commands, "opened")[0]?.spec.tasks.map(({ name }) => name)).toEqual([
      "new",
      "b",
      "a",
    ]);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(only(agent.wait(50), "observe")[0]?.tasks.map(({ name }) => name)).toEqual([
      "new",
      "b",
      "a",
    ]);
    const decided = agent.state.turn.record?.decisions.map(({ task }) => task);
    expect(decided).toEqual(["new", "b", "a"]);
    expect(agent.state.spec.tasks).toHaveLength(3);
  });

  it("of the capacity counts from then on", () => {
    const agent = running();
    reload(agent, [fixed("a", 2), fixed("b", 3)], { capacity: { instances: 3 } });
    expect(scaled(agent.count({ a: up(2), b: up(3) }))).toEqual(["b to 1"]);
  });
});

describe("a task that a reload removes", () => {
  it("is left alone and said so, where tasks are left", () => {
    const agent = running("leave");
    expect(only(reload(agent, [fixed("b", 3)]), "log")).toEqual([
      {
        type: "log",
        level: "warn",
        message:
          "a is no longer in the config: its instances keep running and are no longer counted",
      },
    ]);
    expect(names(agent)).toEqual(["b"]);
  });

  it("is scaled to nothing, counted all the while, and forgotten when it has gone", () => {
    const agent = running();
    expect(logged(reload(agent, [fixed("b", 3)]))).toEqual([]);
    expect(names(agent)).toEqual(["b", "a"]);
    expect(hasLeft(agent.state)).toBe(false);
    const [call] = only(agent.count({ a: up(2), b: up(3) }), "scale");
    expect(call).toMatchObject({ task: { name: "a" }, instances: 0 });
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    agent.count({ a: up(0, { stopping: 2 }), b: up(3) });
    expect(names(agent)).toEqual(["b", "a"]);
    const commands = agent.count({ a: up(0), b: up(3) });
    expect(names(agent)).toEqual(["b"]);
    expect(only(commands, "opened")[0]?.spec.tasks.map(({ name }) => name)).toEqual(["b"]);
    expect(hasLeft(agent.state)).toBe(true);
  });

  it("goes at once, whatever its bounds", () => {
    const cautious = fixed("a", 8, { min: 2, maxDelta: 1, max: 8 });
    const agent = open([cautious], { shutdown: "drain" });
    agent.count({ a: up(8) });
    reload(agent, []);
    agent.count({ a: up(8) });
    expect(agent.task().pending.map(({ instances }) => instances)).toEqual([0]);
    expect(agent.task().spec).toMatchObject({ min: 0, target: { use: "drain" } });
    expect(agent.task().spec).not.toHaveProperty("metric");
  });

  it("is not looked for in its metric any more, nor in its schedule", () => {
    const window = { start: "0 0 * * *", durationMs: 1000, timeZone: "UTC", min: 1 };
    const agent = open([taskSpec("a", queue(1), { schedule: [window] })], { shutdown: "drain" });
    agent.count({ a: up(2) });
    reload(agent, []);
    expect(agent.state.sources).toEqual([]);
    expect(agent.task().spec).not.toHaveProperty("schedule");
    expect(agent.task().spec).not.toHaveProperty("metric");
  });

  it.each([
    ["is left where it was never scaled", [fixed("a", 2, { priority: 0 })]],
    ["is left where it is not scaled any more", [fixed("a", 2, { priority: 0 }), fixed("b", 1)]],
  ])("%s", (_, tasks) => {
    const agent = open(tasks, { shutdown: "drain" });
    agent.count({ a: up(2), b: up(1) });
    reload(agent, []);
    expect(names(agent)).not.toContain("a");
  });

  it("is not this agent's to drain, nor to speak of, when it may not act", () => {
    for (const shutdown of ["drain", "leave"] as const) {
      const agent = running(shutdown, true);
      expect(logged(reload(agent, [fixed("b", 3)]))).toEqual([]);
      expect(names(agent)).toEqual(["b"]);
    }
  });

  it("is drained by the config under which it ran, not by the new one", () => {
    const agent = running("drain");
    reload(agent, [fixed("b", 3)], { shutdown: "leave" });
    expect(names(agent)).toEqual(["b", "a"]);
    const other = running("leave");
    reload(other, [fixed("b", 3)], { shutdown: "drain" });
    expect(names(other)).toEqual(["b"]);
  });

  it("goes on leaving through other reloads, from when it was removed first", () => {
    const agent = running("drain");
    reload(agent, [fixed("b", 3)]);
    const since = agent.task("a").leavingSince;
    agent.wait(1000);
    expect(logged(reload(agent, [fixed("b", 4)], { shutdown: "leave" }))).toEqual([]);
    expect(logged(reload(agent, [fixed("b", 5)]))).toEqual([]);
    expect(agent.task("a").leavingSince).toBe(since);
    expect(names(agent)).toEqual(["b", "a"]);
  });

  it("may come back at any time, and is known as far as it was", () => {
    const agent = running("drain");
    reload(agent, [fixed("b", 3)]);
    agent.count({ a: up(2), b: up(3) });
    reload(agent, [fixed("a", 2), fixed("b", 3)]);
    expect(agent.task("a")).toMatchObject({ leavingSince: undefined, counts: up(2) });
    expect(agent.task("a").spec.target).toEqual({ use: "fixed", instances: 2 });
    expect(agent.task("a").pending).toHaveLength(1);
  });

  it("gathers no room", () => {
    const agent = running("drain");
    agent.task("a").gatherUntil = 5;
    reload(agent, []);
    expect(agent.task("a").gatherUntil).toBeUndefined();
  });
});

function leaving(instances = 0): Opened {
  const agent = open([fixed("a", instances)], { shutdown: "drain" });
  agent.count({ a: up(instances) });
  agent.wait(500);
  reload(agent, []);
  return agent;
}

describe("a task that leaves is forgotten", () => {
  it("only by counts that were asked for since", () => {
    const agent = leaving();
    agent.turn();
    expect(names(agent)).toEqual(["a"]);
    agent.count({ a: up(0) });
    expect(names(agent)).toEqual([]);
  });

  it("by counts that were asked for in the moment it was removed", () => {
    const agent = leaving();
    agent.task().countsAt = agent.task().leavingSince;
    agent.turn();
    expect(names(agent)).toEqual([]);
  });

  it.each([
    ["runs", up(1)],
    ["starts", up(0, { starting: 1 })],
    ["stops", up(0, { stopping: 1 })],
    ["runs and starts", up(1, { starting: 1 })],
    ["runs and stops", up(1, { stopping: 1 })],
  ])("not while anything of it %s", (_, counts) => {
    const agent = leaving();
    agent.count({ a: counts });
    expect(names(agent)).toEqual(["a"]);
  });

  it("not while a request may yet start something", () => {
    const agent = open([fixed("a", 4)], { shutdown: "drain" });
    const [call] = only(agent.count({ a: up(0) }), "scale");
    reload(agent, []);
    agent.count({ a: up(0) });
    expect(names(agent)).toEqual(["a"]);
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    agent.count({ a: up(4) });
    expect(agent.task().pending[0]?.instances).toBe(0);
  });

  it("when it cannot be counted for 10 s, and that is said", () => {
    const agent = leaving(3);
    const { leavingSince } = agent.task();
    const ask = () => agent.answer("observe", value(new Map([["a", DOWN]])));
    agent.wait(50);
    ask();
    while (agent.now.mono + 100 < leavingSince! + 10_000) {
      agent.wait(100);
      ask();
    }
    agent.wait(leavingSince! + 9999 - agent.now.mono);
    expect(names(agent)).toEqual(["a"]);
    agent.state.turn.dueAt = 0;
    expect(only(agent.wait(1), "log")).toEqual([
      {
        type: "log",
        level: "warn",
        message:
          "a was removed and can no longer be counted (no daemon): any instances of it keep running",
      },
    ]);
    expect(names(agent)).toEqual([]);
  });

  it("not while it can be counted and lives on, however long that takes", () => {
    const agent = leaving(3);
    for (let i = 0; i < 60; i++) agent.count({ a: up(3) });
    agent.wait(60_000);
    expect(names(agent)).toEqual(["a"]);
  });
});

describe("a drain", () => {
  it("lets every task go that is scaled, and no other", () => {
    const agent = open([fixed("a", 2), fixed("seen", 2, { priority: 0 }), taskSpec("q", queue(1))]);
    agent.count({ a: up(2), seen: up(2), q: up(1) });
    const commands = agent.send({ type: "drain" });
    expect(agent.state.phase).toBe("draining");
    expect(only(commands, "opened")).toHaveLength(1);
    expect(agent.state.sources).toEqual([]);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(agent.state.counting.pace.changed).toBe(true);
    const counts = { a: up(2), seen: up(2), q: up(1) };
    const asked = [...scaled(agent.count(counts)), ...scaled(agent.turn())];
    expect(agent.state.tasks.map(({ pending }) => pending[0]?.instances)).toEqual([
      0,
      undefined,
      0,
    ]);
    expect(asked.filter((text) => text.startsWith("seen"))).toEqual([]);
    expect(agent.task("seen").leavingSince).toBeUndefined();
  });

  it("does not begin anew for a task that leaves already", () => {
    const agent = running("drain");
    reload(agent, [fixed("b", 3)]);
    const since = agent.task("a").leavingSince;
    agent.wait(500);
    agent.send({ type: "drain" });
    expect(agent.task("a").leavingSince).toBe(since);
    expect(agent.task("b").leavingSince).toBe(agent.now.mono);
  });
});
