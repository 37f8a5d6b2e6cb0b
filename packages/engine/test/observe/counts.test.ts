import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { sent } from "../../src/act/ledger.ts";
import { drainAll } from "../../src/act/configure.ts";
import {
  abandoned,
  ACCEPTED,
  EPOCH_MS,
  failed,
  fixed,
  logged,
  only,
  open,
  scaled,
  specOf,
  START_MS,
  up,
  value,
} from "../step/opened.ts";

const DOWN = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");
const MISSING = new MicroscalingError("ERR_OBJECT_MISSING", "no such app");

/** Two tasks that are content with what they have. */
function counted() {
  const agent = open([fixed("a", 1), fixed("b", 1)]);
  agent.count({ a: up(1), b: up(1) });
  return agent;
}

describe("counts", () => {
  it("are asked for at once, of all tasks, then in every interval, one observation at a time", () => {
    const agent = open([fixed("a", 1), fixed("b", 1, { priority: 0, workload: { app: "b" } })]);
    const [first] = only(agent.wait(0), "observe");
    expect(first?.tasks).toEqual([
      { name: "a", workload: {} },
      { name: "b", workload: { app: "b" } },
    ]);
    expect(only(agent.wait(60_000), "observe")).toEqual([]);
    agent.answer("observe", value(new Map()));
    expect(only(agent.wait(1), "observe")).toHaveLength(1);
    agent.answer("observe", value(new Map()));
    expect(only(agent.wait(999), "observe")).toEqual([]);
    expect(only(agent.wait(1), "observe")).toHaveLength(1);
  });

  it("are asked for soon when the scheduler tells of a change", () => {
    const agent = counted();
    agent.send({ type: "countsChanged" });
    expect(only(agent.wait(5), "observe")).toHaveLength(1);
  });

  it("that failed are asked for again after a second, however long the interval is", () => {
    const { scheduler } = specOf([]);
    const agent = open([fixed("a", 1)], { scheduler: { ...scheduler, intervalMs: 60_000 } });
    agent.wait(0);
    for (let failures = 0; failures < 3; failures++) {
      agent.answer("observe", failed(DOWN));
      expect(only(agent.wait(999), "observe")).toEqual([]);
      expect(only(agent.wait(1), "observe")).toHaveLength(1);
    }
    agent.answer("observe", value(new Map([["a", up(1)]])));
    expect(only(agent.wait(59_000), "observe")).toEqual([]);
  });

  it("are taken as they are, with the time at which they were asked for", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    agent.wait(700);
    agent.answer("observe", value(new Map([["a", up(3)]])));
    expect(agent.task()).toMatchObject({
      counts: up(3),
      countsProblem: undefined,
      countsAt: START_MS,
    });
    expect(agent.state.counting.countedAt).toBe(START_MS);
  });

  it("of a call that nobody waits for any more are ignored", () => {
    const agent = open([fixed("a", 1)]);
    const [call] = only(agent.wait(0), "observe");
    agent.answer("observe", abandoned());
    const answer = value(new Map([["a", up(3)]]));
    agent.send({ type: "observed", id: call!.id, answer });
    expect(agent.task().counts).toBeUndefined();
  });

  it("lead to a turn", () => {
    const agent = counted();
    agent.send({ type: "countsChanged" });
    agent.wait(5);
    agent.answer("observe", value(new Map([["a", up(0)]])));
    expect(scaled(agent.wait(2))).toEqual(["a to 1"]);
  });
});

describe("a task is not scaled while its counts are not known", () => {
  it.each([
    ["fails", failed(DOWN), "no daemon"],
    ["throws no error", failed("gone"), "scheduler toy: observe: gone"],
    ["never answers", abandoned(), "scheduler toy: observe: no answer in time"],
    [
      "answers no map",
      value({ a: up(0) }),
      /^plugin toy: observe: expected a Map of counts, found \{"a"/,
    ],
    ["answers null", value(null), /expected a Map of counts, found null$/],
  ])("since the scheduler %s", (_, answer, problem) => {
    const agent = counted();
    agent.wait(1000);
    agent.answer("observe", answer);
    for (const task of agent.state.tasks) expect(task.countsProblem).toMatch(problem);
    // What was known stays, for people and for the room it takes.
    expect(agent.task("a").counts).toEqual(up(1));
    expect(scaled(agent.wait(500))).toEqual([]);
  });

  it("and the counts of the others are used", () => {
    const agent = counted();
    agent.count({ a: up(0) });
    expect(agent.task("a").countsProblem).toBeUndefined();
    expect(agent.task("b").countsProblem).toBe("plugin toy: no counts for b");
    expect(agent.task("b").counts).toEqual(up(1));
  });

  it.each([
    ["null", null, "running of a: the contract does not allow undefined"],
    ["no whole number", up(1.5), "running of a: the contract does not allow 1.5"],
    ["negative", up(-1), "running of a: the contract does not allow -1"],
    ["an error", DOWN, "no daemon"],
  ])("since they are %s", (_, counts, problem) => {
    const agent = counted();
    agent.count({ a: counts as never, b: up(0) });
    expect(agent.task("a").countsProblem).toContain(problem);
    expect(agent.task("a").counts).toEqual(up(1));
    expect(agent.task("b").counts).toEqual(up(0));
  });

  it("until they are known again", () => {
    const agent = counted();
    agent.count({ a: DOWN, b: DOWN });
    expect(scaled(agent.count({ a: up(0), b: up(1) }))).toEqual(["a to 1"]);
    expect(agent.task("a").countsProblem).toBeUndefined();
  });
});

describe("a task whose object is missing", () => {
  it("has no instances, so that it needs no room, and is not scaled", () => {
    const agent = open([fixed("a", 10), fixed("b", 10, { priority: 2 })]);
    agent.count({ a: up(10), b: up(0) });
    const commands = agent.count({ a: MISSING, b: up(0) });
    expect(agent.task("a").counts).toEqual(up(0));
    expect(agent.task("a").countsProblem).toBe("no such app");
    expect(scaled(commands).filter((text) => text.startsWith("a "))).toEqual([]);
  });
});

const madeUp = (from: number) =>
  Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`ghost ${from + i}`, up(1)]));

describe("counts for tasks that nobody asked for", () => {
  it("are ignored, and said once", () => {
    const agent = open([fixed("a", 1)]);
    const commands = agent.count({ a: up(1), ghost: up(4) });
    expect(only(commands, "log")).toEqual([
      {
        type: "log",
        level: "warn",
        message: "plugin toy: observe: counts for ghost, which the engine did not ask for",
        fields: { code: "ERR_PLUGIN_RESULT" },
      },
    ]);
    expect(logged(agent.count({ a: up(1), ghost: up(4) }))).toEqual([]);
    expect(logged(agent.count({ a: up(1), other: up(4) }))).toHaveLength(1);
  });

  it("may have any key", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    const odd = new Map<unknown, unknown>([
      ["a", up(1)],
      [Symbol("x"), up(1)],
    ]);
    expect(logged(agent.answer("observe", value(odd)))).toEqual([
      "plugin toy: observe: counts for symbol, which the engine did not ask for",
    ]);
    expect(agent.task().countsProblem).toBeUndefined();
  });

  it("are remembered a hundred times and no more, however many names a plugin makes up", () => {
    const agent = open([fixed("a", 1)]);
    expect(logged(agent.count({ a: up(1), ...madeUp(0) }))).toHaveLength(80);
    expect(logged(agent.count({ a: up(1), ...madeUp(80) }))).toHaveLength(20);
    expect(logged(agent.count({ a: up(1), ...madeUp(160) }))).toEqual([]);
    expect(agent.state.counting.strangers).toHaveLength(100);
  });
});

describe("an observation", () => {
  it("says nothing of tasks that came after it was asked for", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    const { spec } = agent;
    const tasks = [fixed("a", 1), fixed("new", 1)];
    agent.send({ type: "configured", spec: { ...spec, tasks } });
    agent.answer("observe", value(new Map([["a", up(1)]])));
    expect(agent.task("new").countsProblem).toBe("not counted yet");
    expect(agent.task("a").countsProblem).toBeUndefined();
  });

  it("that fails says nothing of them either", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    const tasks = [fixed("a", 1), fixed("new", 1)];
    agent.send({ type: "configured", spec: { ...agent.spec, tasks } });
    agent.answer("observe", failed(DOWN));
    expect(agent.task("new").countsProblem).toBe("not counted yet");
    expect(agent.task("a").countsProblem).toBe("no daemon");
  });

  it("is not made while three hang, which is every task's problem, until one returns", () => {
    const agent = counted();
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) {
      const [call] = only(agent.wait(1000), "observe");
      ids.push(call!.id);
      agent.answer("observe", abandoned());
    }
    agent.wait(998);
    expect(only(agent.wait(2), "observe")).toEqual([]);
    for (const task of agent.state.tasks)
      expect(task.countsProblem).toMatch(/^scheduler toy: 3 calls of observe hang/);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(agent.state.counting.pace.nextAt).toBe(agent.now.mono + 1000);
    expect(only(agent.wait(999), "observe")).toEqual([]);
    agent.send({ type: "returned", id: ids[1]! });
    expect(only(agent.wait(1), "observe")).toHaveLength(1);
    agent.answer("observe", value(new Map([["a", up(1)]])));
    expect(agent.task("a").countsProblem).toBeUndefined();
  });

  it("is made five times a second while a task leaves", () => {
    const agent = open([fixed("a", 1), fixed("b", 1)], { shutdown: "drain" });
    agent.count({ a: up(1), b: up(1) });
    agent.send({ type: "configured", spec: { ...agent.spec, tasks: [fixed("a", 1)] } });
    agent.wait(5);
    agent.answer("observe", value(new Map([["a", up(1)]])));
    agent.wait(190);
    expect(only(agent.wait(9), "observe")).toEqual([]);
    expect(only(agent.wait(1), "observe")).toHaveLength(1);
  });

  it("is made as often as configured where that is more often still", () => {
    const tasks = [fixed("a", 1)];
    const { scheduler } = specOf(tasks);
    const agent = open(tasks, { scheduler: { ...scheduler, intervalMs: 50 } });
    agent.count({ a: up(1) });
    drainAll(agent.state, agent.now, []);
    agent.wait(5);
    agent.answer("observe", value(new Map([["a", up(1)]])));
    expect(only(agent.wait(50), "observe")).toHaveLength(1);
  });
});

describe("a task has not settled", () => {
  it("from when fewer or more run than are requested until they are as many", () => {
    const agent = open([fixed("a", 2)]);
    agent.count({ a: up(2) });
    expect(agent.task().unsettledSince).toBeUndefined();
    agent.count({ a: up(1, { requested: 2 }) });
    const since = agent.task().unsettledSince;
    expect(since).toBe(EPOCH_MS + agent.now.mono - 2);
    agent.wait(500);
    agent.count({ a: up(1, { requested: 2 }) });
    expect(agent.task().unsettledSince).toBe(since);
    agent.count({ a: up(2) });
    expect(agent.task().unsettledSince).toBeUndefined();
  });
});

/** 4 were asked for, and the call was accepted. */
function requested() {
  const agent = open([fixed("a", 4)]);
  const [call] = only(agent.count({ a: up(0) }), "scale");
  agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
  return agent;
}

describe("what counts show of requests", () => {
  it("is whatever had returned when they were asked for", () => {
    const agent = requested();
    expect(agent.task().pending).toHaveLength(1);
    agent.count({ a: up(4) });
    expect(agent.task().pending).toEqual([]);
    expect(agent.task().backOff.busy).toBe(0);
  });

  it("less than was accepted: it is asked for again, ever more slowly", () => {
    const agent = requested();
    expect(scaled(agent.count({ a: up(0) }))).toEqual([]);
    expect(agent.task().backOff).toMatchObject({ busy: 1, failures: 0 });
    const [again] = only(agent.wait(500), "scale");
    expect(again?.instances).toBe(4);
  });

  it("nothing, if they were asked for before it was accepted: nobody is blamed for that", () => {
    const agent = open([fixed("a", 4)]);
    const [call] = only(agent.count({ a: up(0) }), "scale");
    agent.send({ type: "countsChanged" });
    agent.wait(5);
    agent.wait(1);
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    agent.answer("observe", value(new Map([["a", up(0)]])));
    expect(agent.task().pending).toHaveLength(1);
    expect(agent.task().backOff.busy).toBe(0);
  });

  it("of requests that failed is not held against the backend twice", () => {
    const agent = open([fixed("a", 4)]);
    const [call] = only(agent.count({ a: up(0) }), "scale");
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: failed(DOWN) });
    agent.count({ a: up(0) });
    expect(agent.task().backOff).toMatchObject({ busy: 0, failures: 1 });
  });

  it.each([
    ["is waited for", [{}], "probing"],
    ["is doubtful", [{ doubtful: true }], "held"],
    ["is waited for beside a doubtful one", [{ doubtful: true }, {}], "probing"],
  ])("an attempt in a crash loop goes on while its request %s", (_, flags, phase) => {
    const agent = open([fixed("a", 0)]);
    agent.count({ a: up(0) });
    Object.assign(agent.task().crashLoop, { phase: "probing", crashes: 3 });
    agent.task().crashLoop.crashedAt = agent.now.mono;
    agent.task().pending = flags.map((flag, id) => ({ ...sent(id, 1), ...flag }));
    agent.count({ a: up(0) });
    expect(agent.task().crashLoop.phase).toBe(phase);
  });

  it.each([
    [true, "calm"],
    [false, "held"],
  ])("a crash loop ends while held if the backend replaces instances: %s", (replaces, phase) => {
    const { scheduler } = specOf([]);
    const agent = open([fixed("a", 1)], { scheduler: { ...scheduler, replaces } });
    const { crashLoop } = agent.task();
    const { mono } = agent.now;
    Object.assign(crashLoop, { phase: "held", crashes: 3, crashedAt: mono, livedMs: 20_000 });
    agent.count({ a: up(1) });
    expect(crashLoop.phase).toBe(phase);
  });

  it("tells of crashes only when nothing is pending any more", () => {
    const agent = requested();
    agent.count({ a: up(4, { crashed: 0 }) });
    for (let crashed = 1; crashed <= 3; crashed++) {
      agent.wait(1000);
      agent.answer("observe", value(new Map([["a", up(4, { crashed })]])));
    }
    expect(agent.task().crashLoop.phase).toBe("held");
  });
});
