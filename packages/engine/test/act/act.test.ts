import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { isAtWork } from "../../src/act/act.ts";
import { sent } from "../../src/act/ledger.ts";
import type { Answer } from "../../src/events.ts";
import type { TaskSpec } from "../../src/spec.ts";
import {
  abandoned,
  ACCEPTED,
  failed,
  fixed,
  logged,
  only,
  open,
  scaled,
  up,
  value,
  type Opened,
} from "../step/opened.ts";

const NO_DISK = new MicroscalingError("ERR_START_FAILED", "no disk", { details: ["free: 0"] });
const FAILED = value({ status: "failed", error: NO_DISK });

/** One task that wants 4 and has `instances`. The request is under way. */
function requesting(instances = 0, settings: Partial<TaskSpec> = {}) {
  const agent = open([fixed("a", 4, settings)]);
  const [call] = only(agent.count({ a: up(instances) }), "scale");
  const answer = (given: Answer) =>
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: given });
  return { agent, call: call!, answer };
}

/** Lets the time pass step by step, answers counts with `instances`, and tells what is asked for. */
function watch(agent: Opened, ms: number, instances: number): string[] {
  const asked: string[] = [];
  for (let i = 0; i < ms; i += 50) {
    asked.push(...scaled(agent.wait(50)));
    agent.answer("observe", value(new Map([["a", up(instances)]])));
  }
  return asked;
}

describe("a request", () => {
  it("is for the whole number that was decided, and may be sent at any time where no lease is shared", () => {
    expect(requesting(0, { workload: { app: "x" } }).call).toEqual({
      type: "scale",
      id: expect.any(Number),
      task: { name: "a", workload: { app: "x" } },
      instances: 4,
      until: Infinity,
    });
  });

  it("is not made before there are counts", () => {
    const agent = open([fixed("a", 4)]);
    expect(scaled(agent.wait(0))).toEqual([]);
    expect(scaled(agent.wait(500))).toEqual([]);
  });

  it("is not made of a task that has what was decided", () => {
    expect(scaled(open([fixed("a", 4)]).count({ a: up(4) }))).toEqual([]);
  });

  it("is not made while another one for that task is under way; others are asked for", () => {
    const agent = open([fixed("a", 2), fixed("b", 2)]);
    const [a, b] = only(agent.count({ a: up(0), b: up(0) }), "scale");
    agent.send({ type: "scaled", task: "b", id: b!.id, answer: ACCEPTED });
    const tasks = [fixed("a", 3), fixed("b", 3)];
    agent.send({ type: "configured", spec: { ...agent.spec, tasks } });
    expect(scaled(agent.count({ a: up(0), b: up(2) }))).toEqual(["b to 3"]);
    agent.send({ type: "scaled", task: "a", id: a!.id, answer: ACCEPTED });
    expect(scaled(agent.count({ a: up(2), b: up(3) }))).toEqual(["a to 3"]);
  });

  it("is not made in a dry run, in which decisions are made all the same", () => {
    const agent = open([fixed("a", 4)], {}, { dryRun: true });
    const commands = agent.count({ a: up(0) });
    expect(scaled(commands)).toEqual([]);
    expect(only(commands, "report").at(-1)?.turn.decisions[0]?.requested).toBe(4);
  });

  it("that was accepted ends all trouble of before", () => {
    const { agent, answer } = requesting();
    agent.task().schedulerProblem = "of before";
    agent.task().backOff.failures = 2;
    answer(ACCEPTED);
    expect(agent.task()).toMatchObject({ schedulerProblem: undefined, backOff: { failures: 0 } });
    expect(agent.task().pending[0]).toMatchObject({ phase: "ended", isAccepted: true });
  });

  it("that has ended leads to fresh counts and to a turn at once", () => {
    const { agent, answer } = requesting();
    answer(ACCEPTED);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(only(agent.wait(5), "observe")).toHaveLength(1);
  });

  it("that a task no longer has, or that was answered before, changes nothing", () => {
    const { agent, call, answer } = requesting();
    agent.send({ type: "scaled", task: "none", id: call.id, answer: FAILED });
    agent.send({ type: "scaled", task: "a", id: call.id + 1, answer: FAILED });
    expect(agent.task().schedulerFailures).toBe(0);
    answer(ACCEPTED);
    answer(FAILED);
    expect(agent.task().schedulerFailures).toBe(0);
  });
});

describe("a request that fails", () => {
  it.each([
    ["is refused", FAILED, NO_DISK.message, "ERR_START_FAILED", ["free: 0"]],
    [
      "throws",
      failed(new Error("odd")),
      "scheduler toy: scale a to 4: odd",
      "ERR_PLUGIN_FAULT",
      [],
    ],
    [
      "is answered with nonsense",
      value(7),
      /^plugin toy: the outcome of scaling a/,
      "ERR_PLUGIN_RESULT",
      [],
    ],
    [
      "is not answered",
      abandoned(),
      "scheduler toy: scale a to 4: no answer in time",
      "ERR_PLUGIN_FAULT",
      [],
    ],
  ])(
    "since it %s is told, counted, and asked for again later",
    (_, given, problem, code, details) => {
      const { agent, answer } = requesting();
      const [line] = only(answer(given), "log");
      const fields = { task: "a", code, ...(details.length === 0 ? {} : { details }) };
      expect(line).toMatchObject({ level: "warn" });
      expect(line?.fields).toEqual(fields);
      expect(line?.message).toMatch(problem);
      expect(agent.task().schedulerProblem).toMatch(problem);
      expect(agent.task().schedulerFailures).toBe(1);
      expect(agent.task().backOff).toMatchObject({
        failures: 1,
        retryAt: agent.now.mono + 250,
        grew: true,
      });
    },
  );

  it("is told once, however often it fails in the same way", () => {
    const given = (words: string): Answer => failed(new MicroscalingError("ERR_DISK_FULL", words));
    const { agent, answer } = requesting();
    const levels = [...only(answer(given("no disk")), "log")];
    for (const words of ["no disk", "no disk", "no image"]) {
      agent.count({ a: up(0) });
      agent.task().backOff.retryAt = 0;
      agent.state.turn.dueAt = 0;
      const [call] = only(agent.wait(1000), "scale");
      const told = agent.send({ type: "scaled", task: "a", id: call!.id, answer: given(words) });
      levels.push(...only(told, "log"));
    }
    expect(levels.map(({ level }) => level)).toEqual(["warn", "debug", "debug", "warn"]);
  });

  it("keeps its room until counts that were asked for since show what came of it", () => {
    const agent = open([fixed("a", 6), fixed("b", 9, { priority: 2 })]);
    const [a, b] = only(agent.count({ a: up(0), b: up(0) }), "scale");
    expect([a?.instances, b?.instances]).toEqual([6, 4]);
    agent.send({ type: "scaled", task: "b", id: b!.id, answer: ACCEPTED });
    agent.count({ a: up(0), b: up(4) });
    agent.send({ type: "scaled", task: "a", id: a!.id, answer: FAILED });
    const tasks = [fixed("a", 0), fixed("b", 9, { priority: 2 })];
    agent.send({ type: "configured", spec: { ...agent.spec, tasks } });
    expect(scaled(agent.turn()).filter((text) => text.startsWith("b"))).toEqual([]);
    const later = agent.count({ a: up(0), b: up(4) });
    expect(scaled(later)).toEqual(["b to 9"]);
  });

  it("is asked for again when the back-off is over, not before", () => {
    const { agent, answer } = requesting();
    answer(FAILED);
    expect(watch(agent, 200, 0)).toEqual([]);
    expect(watch(agent, 600, 0)).toEqual(["a to 4"]);
  });

  it("does not keep a task from shrinking when it was to grow", () => {
    const { agent, answer } = requesting(2);
    answer(FAILED);
    agent.send({ type: "configured", spec: { ...agent.spec, tasks: [fixed("a", 1)] } });
    agent.count({ a: up(2) });
    expect(agent.task().pending.map(({ instances }) => instances)).toEqual([1]);
  });

  it("keeps a task from shrinking when it was to shrink", () => {
    const { agent, answer } = requesting(6);
    answer(FAILED);
    expect(scaled(agent.count({ a: up(6) }))).toEqual([]);
  });

  it("is nobody's failure when the engine itself ended it", () => {
    const { agent, answer } = requesting();
    const ended = new DOMException("no longer acts", "AbortError");
    expect(logged(answer(abandoned(ended)))).toEqual([]);
    expect(agent.task()).toMatchObject({ schedulerFailures: 0, schedulerProblem: undefined });
    expect(agent.task().pending[0]?.phase).toBe("abandoned");
    // A plugin that ends its call by itself may name its error as it likes.
    const { answer: own } = requesting();
    expect(logged(own(failed(ended)))).toHaveLength(1);
    const { answer: other } = requesting();
    expect(logged(other(failed({ name: "AbortError" })))).toHaveLength(1);
  });
});

describe("a request that the backend is too busy for", () => {
  it("is asked for again when the backend said, and is no failure", () => {
    const { agent, answer } = requesting();
    expect(logged(answer(value({ status: "busy", reason: "locked", retryAfterMs: 700 })))).toEqual(
      [],
    );
    expect(agent.task()).toMatchObject({ schedulerFailures: 0, schedulerProblem: undefined });
    expect(agent.task().backOff.retryAt).toBe(agent.now.mono + 700);
    expect(watch(agent, 650, 0)).toEqual([]);
    expect(watch(agent, 650, 0)).toEqual(["a to 4"]);
  });
});

describe("a request that was abandoned", () => {
  it("keeps others away for its timeout once more, and counts do not show it until then", () => {
    const { agent, answer } = requesting();
    answer(abandoned());
    expect(watch(agent, 4900, 0)).toEqual([]);
    expect(agent.task().pending).toHaveLength(1);
    expect(watch(agent, 2000, 0)).toEqual(["a to 4"]);
  });

  it("is over at once when the call returns after all", () => {
    const { agent, call, answer } = requesting();
    answer(abandoned());
    watch(agent, 1000, 0);
    agent.send({ type: "returned", id: call.id });
    expect(agent.task().pending[0]?.phase).toBe("ended");
    expect(agent.state.counting.pace.changed).toBe(true);
    expect(watch(agent, 1000, 0)).toEqual(["a to 4"]);
  });

  it("is told from the others of its task by its number", () => {
    const { agent, call, answer } = requesting();
    answer(abandoned());
    agent.task().pending = [sent(99, 2), ...agent.task().pending];
    agent.send({ type: "returned", id: call.id });
    expect(agent.task().pending.map(({ phase }) => phase)).toEqual(["sent", "ended"]);
  });

  it("is not over when another call returns", () => {
    const { agent, call, answer } = requesting();
    agent.send({ type: "returned", id: call.id });
    expect(agent.task().pending[0]?.phase).toBe("sent");
    answer(ACCEPTED);
    const endedAt = agent.task().pending[0]?.endedAt;
    agent.wait(1);
    agent.send({ type: "returned", id: call.id });
    expect(agent.task().pending[0]).toMatchObject({ endedAt, shownFrom: endedAt });
  });
});

describe("what the scheduler says afterwards of a request", () => {
  it("counts as a failure of the task, and leads to fresh counts", () => {
    const agent = open([fixed("a", 4), fixed("b", 0)]);
    agent.count({ a: up(4), b: up(0) });
    const commands = agent.send({ type: "failed", task: "a", error: new Error("lost a node") });
    expect(only(commands, "log")).toMatchObject([
      { message: "scheduler toy: lost a node", fields: { code: "ERR_PLUGIN_FAULT" } },
    ]);
    expect(agent.task("a")).toMatchObject({ schedulerFailures: 1, backOff: { failures: 1 } });
    expect(agent.task("b").schedulerFailures).toBe(0);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(only(agent.wait(5), "observe")).toHaveLength(1);
  });

  it("of a task that nobody knows is ignored", () => {
    const agent = open([fixed("a", 4)]);
    expect(logged(agent.send({ type: "failed", task: "none", error: NO_DISK }))).toEqual([]);
    expect(agent.task().schedulerFailures).toBe(0);
  });
});

/** `low` has all 10; `high` wants 6. 2 of the stops are done. */
function gathering() {
  const low = fixed("low", 10, { priority: 2 });
  const agent = open([fixed("high", 0), low]);
  agent.count({ high: up(0), low: up(10) });
  agent.send({ type: "configured", spec: { ...agent.spec, tasks: [fixed("high", 6), low] } });
  const [call] = only(agent.count({ high: up(0), low: up(10) }), "scale");
  expect(call).toMatchObject({ task: { name: "low" }, instances: 4 });
  agent.send({ type: "scaled", task: "low", id: call!.id, answer: ACCEPTED });
  return agent;
}

describe("a start that has only a part of its room", () => {
  const some = { high: up(0), low: up(4, { stopping: 4 }) };
  const all = { high: up(0), low: up(4) };

  it("waits 100 ms for the rest, and not a turn longer", () => {
    const agent = gathering();
    expect(scaled(agent.count(some))).toEqual([]);
    const gatherUntil = agent.now.mono + 100;
    expect(agent.state.turn.dueAt).toBe(gatherUntil);
    expect(scaled(agent.wait(99))).toEqual([]);
    expect(scaled(agent.wait(1))).toEqual(["high to 2"]);
  });

  it("starts all at once when the rest comes in time", () => {
    const agent = gathering();
    agent.count(some);
    expect(scaled(agent.count(all))).toEqual(["high to 6"]);
    expect(agent.task("high").gatherUntil).toBeUndefined();
  });

  it("waits anew for the next part", () => {
    const agent = gathering();
    agent.count(some);
    const [call] = only(agent.wait(100), "scale");
    agent.send({ type: "scaled", task: "high", id: call!.id, answer: ACCEPTED });
    const more = { high: up(2), low: up(4, { stopping: 2 }) };
    expect(scaled(agent.count(more))).toEqual([]);
    expect(scaled(agent.wait(99))).toEqual([]);
    expect(scaled(agent.wait(1))).toEqual(["high to 4"]);
  });

  it("waits no longer when it is no part any more", () => {
    const agent = gathering();
    agent.count(some);
    agent.send({
      type: "configured",
      spec: { ...agent.spec, tasks: [fixed("high", 2), fixed("low", 4, { priority: 2 })] },
    });
    expect(scaled(agent.count(some))).toEqual(["high to 2"]);
  });

  it("does not wait in a turn that is the last", () => {
    const agent = gathering();
    agent.send({ type: "countsChanged" });
    agent.wait(5);
    agent.answer("observe", value(new Map(Object.entries(some))));
    const commands = agent.send({ type: "once", part: "decide", acts: true });
    expect(scaled(commands)).toEqual(["high to 2"]);
  });
});

const growth = (agent: Opened) => [agent.task().growth, agent.task().growthReason];

describe("how much a task may grow by", () => {
  it("is not limited as a rule", () => {
    const agent = open([fixed("a", 4)]);
    agent.count({ a: up(4) });
    expect(growth(agent)).toEqual([Infinity, ""]);
  });

  it("is nothing after three failures until the back-off is over, then one", () => {
    const agent = open([fixed("a", 4)]);
    agent.count({ a: up(0) });
    for (let i = 0; i < 3; i++) agent.send({ type: "failed", task: "a", error: NO_DISK });
    agent.turn();
    expect(growth(agent)).toEqual([0, "backing off: no disk"]);
    agent.wait(1000);
    expect(growth(agent)).toEqual([1, "backing off: no disk"]);
    agent.task().schedulerProblem = undefined;
    agent.wait(500);
    expect(growth(agent)[1]).toBe("backing off: the scheduler failed");
  });

  it("is one at a time in a crash loop, as an attempt, and no more while that one is tried", () => {
    const agent = open([fixed("a", 4)]);
    agent.count({ a: up(4, { crashed: 0 }) });
    for (let crashed = 1; crashed <= 3; crashed++) agent.count({ a: up(4, { crashed }) });
    expect(growth(agent)).toEqual([
      0,
      "crash loop, trying one instance at a time: instances end at once",
    ]);
    agent.wait(500);
    expect(scaled(agent.count({ a: up(0, { crashed: 3 }) }))).toEqual(["a to 1"]);
    agent.wait(500);
    expect(growth(agent)[0]).toBe(0);
  });

  it.each([
    ["came to nothing", FAILED],
    ["was put off", value({ status: "busy", retryAfterMs: 0 })],
  ])("is one again when an attempt in a crash loop %s", (_, given) => {
    const agent = open([fixed("a", 4)]);
    agent.count({ a: up(0) });
    Object.assign(agent.task().crashLoop, { phase: "held", crashes: 3 });
    agent.task().pending = [];
    const [call] = only(agent.wait(500), "scale");
    expect(agent.task().crashLoop.phase).toBe("probing");
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: given });
    expect(agent.task().crashLoop.phase).toBe("held");
  });

  it("is not used up by a request that shrinks a task in a crash loop", () => {
    const agent = open([fixed("a", 1)]);
    agent.count({ a: up(1) });
    Object.assign(agent.task().crashLoop, { phase: "held", crashes: 3 });
    agent.task().crashLoop.crashedAt = agent.now.mono;
    expect(scaled(agent.count({ a: up(2) }))).toEqual(["a to 1"]);
    expect(agent.task().crashLoop.phase).toBe("held");
  });

  it("is nothing in a crash loop whose instances the backend replaces", () => {
    const { scheduler } = open([]).spec;
    const agent = open([fixed("a", 4)], { scheduler: { ...scheduler, replaces: true } });
    agent.count({ a: up(2) });
    Object.assign(agent.task().crashLoop, { phase: "held", crashes: 3 });
    agent.wait(500);
    expect(growth(agent)[0]).toBe(0);
    // Where nothing is requested, the backend tries nothing.
    agent.task().counts = up(0);
    agent.wait(500);
    expect(growth(agent)[0]).toBe(1);
  });
});

it("knows whether any request is under way", () => {
  const { agent, answer } = requesting();
  expect(isAtWork(agent.state)).toBe(true);
  answer(ACCEPTED);
  expect(isAtWork(agent.state)).toBe(false);
});

it("knows of a request under way beside an earlier one, and beside tasks that have none", () => {
  const agent = open([fixed("a", 0), fixed("b", 4)]);
  expect(isAtWork(agent.state)).toBe(false);
  agent.task("b").pending = [{ ...sent(1, 2), phase: "ended" }, sent(2, 4)];
  expect(isAtWork(agent.state)).toBe(true);
  agent.task("b").pending = [{ ...sent(1, 2), phase: "ended" }];
  expect(isAtWork(agent.state)).toBe(false);
});

it("gives every call its own number", () => {
  const agent = open([fixed("a", 4), fixed("b", 1)]);
  const { nextId } = agent.state;
  const ids = only(agent.count({ a: up(0), b: up(0) }), "scale").map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(nextId);
  expect(agent.state.nextId).toBeGreaterThan(Math.max(...ids));
});
