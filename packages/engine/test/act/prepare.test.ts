import { MicroscalingError, type Scheduler } from "@microscaling/core";
import { describe, expect, it } from "vitest";
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

const NO_IMAGE = new MicroscalingError("ERR_IMAGE_MISSING", "no such image");

/** An engine whose scheduler has to get ready. Nothing is counted yet. */
function opened(dryRun = false): Opened {
  const { scheduler } = open([]).spec;
  const prepares = { ...scheduler.scheduler, prepare() {} } as unknown as Scheduler;
  const tasks = [fixed("a", 4, { workload: { image: "x" } })];
  return open(tasks, { scheduler: { ...scheduler, scheduler: prepares } }, { dryRun });
}

/** It has counted, and gets ready. */
function preparing(instances = 0) {
  const agent = opened();
  const [call] = only(agent.count({ a: up(instances) }), "prepare");
  const answer = (given: Parameters<Opened["answer"]>[1]) =>
    agent.send({ type: "prepared", task: "a", id: call!.id, answer: given });
  return { agent, call, answer };
}

describe("a task", () => {
  it("is made ready once it can be counted, once at a time", () => {
    const agent = opened();
    expect(only(agent.wait(0), "prepare")).toEqual([]);
    expect(only(agent.count({ a: up(0) }), "prepare")).toEqual([
      { type: "prepare", id: expect.any(Number), task: { name: "a", workload: { image: "x" } } },
    ]);
    expect(only(agent.wait(500), "prepare")).toEqual([]);
  });

  it("does not grow until it is ready, and shrinks all the same", () => {
    const { agent, answer } = preparing();
    agent.turn();
    expect(agent.task()).toMatchObject({ growth: 0, growthReason: "preparing to run it" });
    expect(agent.task().pending).toEqual([]);
    answer(value(undefined));
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(scaled(agent.wait(2))).toEqual(["a to 4"]);
    const other = preparing(6).agent;
    expect(other.task().pending.map(({ instances }) => instances)).toEqual([4]);
  });

  it("is ready from the start where the scheduler has nothing to do for it, and in a dry run", () => {
    expect(open([fixed("a", 4)]).task().preparation).toEqual({ phase: "ready" });
    expect(only(opened(true).count({ a: up(0) }), "prepare")).toEqual([]);
  });

  it.each([
    ["fails", failed(NO_IMAGE), "no such image", "ERR_IMAGE_MISSING"],
    ["throws no error", failed("odd"), "scheduler toy: prepare a: odd", "ERR_PLUGIN_FAULT"],
    ["never ends", abandoned(), "scheduler toy: prepare a: no answer in time", "ERR_PLUGIN_FAULT"],
  ])("is made ready again after a back-off when that %s", (_, given, problem, code) => {
    const { agent, answer } = preparing();
    const [line] = only(answer(given), "log");
    expect(line).toMatchObject({ level: "warn", message: problem, fields: { task: "a", code } });
    expect(agent.task()).toMatchObject({ schedulerProblem: problem, schedulerFailures: 1 });
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    agent.turn();
    expect(agent.task().growthReason).toBe(problem);
    agent.state.turn.dueAt = 0;
    expect(only(agent.wait(247), "prepare")).toEqual([]);
    agent.state.turn.dueAt = 0;
    const [again] = only(agent.wait(1), "prepare");
    // Meanwhile the newest problem is told.
    agent.turn();
    expect(agent.task().growthReason).toBe(problem);
    agent.send({ type: "prepared", task: "a", id: again!.id, answer: value(undefined) });
    expect(agent.task()).toMatchObject({
      schedulerProblem: undefined,
      preparation: { phase: "ready" },
      backOff: { failures: 0 },
    });
  });

  it("can be stopped although it could not be made ready", () => {
    const { agent, answer } = preparing(4);
    answer(failed(NO_IMAGE));
    agent.send({ type: "configured", spec: { ...agent.spec, tasks: [fixed("a", 1)] } });
    Object.assign(agent.task().backOff, { retryAt: agent.now.mono + 1000, grew: true });
    expect(scaled(agent.count({ a: up(4) }))).toEqual(["a to 1"]);
    const { agent: other, answer: fail } = preparing(6);
    fail(failed(NO_IMAGE));
    expect(other.task().backOff.grew).toBe(true);
  });

  it("is not made ready while it cannot be counted, nor when it leaves", () => {
    const { agent, answer } = preparing();
    answer(failed(NO_IMAGE));
    agent.count({});
    expect(only(agent.wait(1000), "prepare")).toEqual([]);
    agent.answer("observe", value(new Map([["a", up(0)]])));
    agent.send({ type: "drain" });
    expect(only(agent.send({ type: "once", part: "prepare" }), "prepare")).toEqual([]);
    expect(only(agent.wait(2), "prepare")).toEqual([]);
  });

  it("is not ready by the answer to another call", () => {
    const { agent, call, answer } = preparing();
    const other = (task: string, id: number) =>
      agent.send({ type: "prepared", task, id, answer: value(undefined) });
    other("a", call!.id + 1);
    other("none", call!.id);
    expect(agent.task().preparation.phase).toBe("underWay");
    answer(failed(NO_IMAGE));
    other("a", call!.id);
    expect(agent.task().preparation.phase).toBe("needed");
  });

  it("is made ready at once where there is one turn alone", () => {
    const agent = opened();
    expect(only(agent.send({ type: "once", part: "prepare" }), "prepare")).toHaveLength(1);
    const done = agent.send({ type: "once", part: "decide", acts: false });
    expect(logged(done)).toEqual([]);
    agent.task().preparation = { phase: "needed", reason: "x", failedStarts: 0 };
    agent.task().countsProblem = undefined;
    const last = agent.send({ type: "once", part: "decide", acts: false });
    expect(only(last, "prepare")).toEqual([]);
  });

  it("that was accepted to grow is not asked to get ready again", () => {
    const { agent, answer } = preparing();
    answer(value(undefined));
    const [call] = only(agent.wait(2), "scale");
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    agent.count({ a: up(4) });
    expect(only(agent.wait(500), "prepare")).toEqual([]);
  });
});
