import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import type { EngineSpec } from "../../src/spec.ts";
import { taskSpec } from "../world.ts";
import {
  abandoned,
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

const DOWN = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");
const MEASURED = { capacity: { instances: 10, cpu: 99 }, measured: ["cpu"] };

const greedy = taskSpec("greedy", { use: "remainder" }, { uses: { cpu: 1 } });

/** An engine that has asked what there is. 3 of `greedy` run. */
function asking(changes: Partial<EngineSpec> = {}): Opened {
  const agent = open([greedy], { ...MEASURED, ...changes });
  agent.count({ greedy: up(3) });
  return agent;
}

/** It was told that there are 5. */
function knowing(): Opened {
  const agent = asking();
  agent.answer("measure", value({ cpu: 5 }));
  return agent;
}

const measures = (agent: Opened, ms: number) => only(agent.wait(ms), "measure").length;

describe("what the scheduler says there is", () => {
  it("is what is shared, whatever the config says of it", () => {
    expect(scaled(knowing().wait(2))).toEqual(["greedy to 5"]);
  });

  it("is not asked for where nothing is left to the scheduler", () => {
    const agent = open([fixed("a", 3)]);
    expect(only(agent.wait(0), "measure")).toEqual([]);
    expect(scaled(agent.count({ a: up(0) }))).toEqual(["a to 3"]);
    agent.wait(60_000);
    expect(agent.state.capacity.pace.nextAt).toBe(agent.now.mono + 30_000);
    expect(only(agent.send({ type: "once", part: "observe" }), "measure")).toEqual([]);
  });

  it("is asked for as often as counts until it is known, then every 30 s", () => {
    const agent = open([greedy], MEASURED);
    expect(measures(agent, 0)).toBe(1);
    expect(measures(agent, 500)).toBe(0);
    agent.answer("measure", failed(DOWN));
    expect(measures(agent, 999)).toBe(0);
    expect(measures(agent, 1)).toBe(1);
    agent.answer("measure", value({ cpu: 5 }));
    expect(measures(agent, 29_999)).toBe(0);
    expect(measures(agent, 1)).toBe(1);
    agent.answer("measure", failed(DOWN));
    expect(measures(agent, 29_999)).toBe(0);
    expect(measures(agent, 1)).toBe(1);
  });

  it("leads to a turn as soon as it is known", () => {
    const agent = knowing();
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
  });

  it("is not asked for while three such calls hang", () => {
    const agent = open([greedy], MEASURED);
    const ids: number[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push(only(agent.wait(1000), "measure")[0]!.id);
      agent.answer("measure", abandoned());
    }
    expect(measures(agent, 30_000)).toBe(0);
    agent.send({ type: "returned", id: ids[0]! });
    expect(measures(agent, 29_999)).toBe(0);
    expect(measures(agent, 1)).toBe(1);
  });

  it("of a call that nobody waits for is ignored", () => {
    const agent = asking();
    const { id } = agent.state.capacity.pace.underWay!;
    agent.answer("measure", abandoned());
    agent.send({ type: "measured", id, answer: value({ cpu: 5 }) });
    expect(agent.state.capacity.measured).toHaveProperty("unknown");
  });
});

describe("until it is known what there is", () => {
  it("nothing is asked of the scheduler, and the reason is told", () => {
    const agent = asking();
    expect(agent.state.turn.record?.decisions[0]).toMatchObject({
      granted: 3,
      requested: undefined,
      limits: [{ by: "held", reason: "the scheduler has not reported its capacity yet" }],
    });
    agent.answer("measure", failed(DOWN));
    expect(scaled(agent.wait(2))).toEqual([]);
    expect(agent.state.turn.record?.decisions[0]?.limits).toEqual([
      { by: "held", reason: "the capacity is not known: no daemon" },
    ]);
  });

  it.each([
    ["throws no error", failed("gone"), "scheduler toy: capacity: gone"],
    ["never answers", abandoned(), "scheduler toy: capacity: no answer in time"],
    ["returns null", value(null), "expected an amount of cpu, found nothing"],
    ["returns a text", value("5"), "expected an amount of cpu, found nothing"],
    ["says nothing of it", value({}), "expected an amount of cpu, found nothing"],
    [
      "speaks of others",
      value({ memory: 1, disk: 2 }),
      "expected an amount of cpu, found only memory and disk",
    ],
    ["says NaN", value({ cpu: Number.NaN }), "expected an amount of cpu, found NaN"],
    ["says less than nothing", value({ cpu: -1 }), "expected an amount of cpu, found -1"],
    ["says Infinity", value({ cpu: Infinity }), "expected an amount of cpu, found Infinity"],
    ["says it in words", value({ cpu: "5" }), 'expected an amount of cpu, found "5"'],
    ["says null", value({ cpu: null }), "expected an amount of cpu, found null"],
  ])("when the scheduler %s", (_, answer, problem) => {
    const agent = asking();
    const lines = only(agent.answer("measure", answer), "log");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.message).toMatch(/^cannot read the capacity: /);
    expect(lines[0]?.message).toContain(problem);
    const isFault = problem.startsWith("scheduler toy: capacity");
    expect(lines[0]?.fields).toEqual({ code: isFault ? "ERR_PLUGIN_FAULT" : "ERR_PLUGIN_RESULT" });
    expect(agent.state.capacity.problem).toContain(problem);
    expect(scaled(agent.wait(2))).toEqual([]);
  });

  it("each problem is told once", () => {
    const agent = asking();
    const next = (error: Error) => {
      const commands = agent.answer("measure", failed(error));
      agent.wait(1000);
      return only(commands, "log");
    };
    expect(next(DOWN)).toEqual([
      {
        type: "log",
        level: "warn",
        message: "cannot read the capacity: no daemon",
        fields: { code: "ERR_SCHEDULER_UNREACHABLE" },
      },
    ]);
    expect(next(DOWN)).toEqual([]);
    expect(next(new Error("other"))).toHaveLength(1);
  });
});

describe("what there is, once it is known,", () => {
  it("may be nothing at all", () => {
    const agent = asking();
    agent.answer("measure", value({ cpu: 0 }));
    expect(agent.state.capacity.measured).toEqual({ amounts: { cpu: 0 } });
  });

  it("stays as it was when the scheduler cannot be asked", () => {
    const agent = knowing();
    agent.wait(30_000);
    expect(logged(agent.answer("measure", failed(DOWN)))).toEqual([
      "cannot read the capacity: no daemon; keeping the last known capacity: cpu 5",
    ]);
    expect(agent.state.capacity).toMatchObject({
      measured: { amounts: { cpu: 5 } },
      problem: "no daemon",
    });
    agent.wait(30_000);
    expect(only(agent.answer("measure", value({ cpu: 5 })), "log")).toEqual([
      { type: "log", level: "info", message: "scheduler toy reports its capacity again" },
    ]);
    expect(agent.state.capacity.problem).toBeUndefined();
  });

  it("is the same object until something changes, and only what is measured is kept", () => {
    const agent = knowing();
    const before = agent.state.capacity.measured;
    agent.wait(30_000);
    expect(logged(agent.answer("measure", value({ cpu: 5, memory: 7 })))).toEqual([]);
    expect(agent.state.capacity.measured).toBe(before);
    agent.wait(30_000);
    expect(only(agent.answer("measure", value({ cpu: 4, memory: 7 })), "log")).toEqual([
      { type: "log", level: "info", message: "scheduler toy reports a new capacity: cpu 4" },
    ]);
    expect(agent.state.capacity.measured).toEqual({ amounts: { cpu: 4 } });
  });

  it("changes when one among several does", () => {
    const agent = asking({ measured: ["cpu", "memory"] });
    expect(logged(agent.answer("measure", value({ cpu: 5, memory: 7 })))).toEqual([]);
    agent.wait(30_000);
    expect(logged(agent.answer("measure", value({ cpu: 5, memory: 8 })))).toEqual([
      "scheduler toy reports a new capacity: cpu 5, memory 8",
    ]);
  });
});

describe("what there is, after a reload,", () => {
  it("is what was said before", () => {
    const agent = knowing();
    agent.send({
      type: "configured",
      spec: { ...agent.spec, capacity: { instances: 4, cpu: 0 } },
    });
    agent.count({ greedy: up(3) });
    expect(agent.task().pending.map(({ instances }) => instances)).toEqual([4]);
    expect(measures(agent, 29_000)).toBe(0);
  });

  it("is the config's where it is no longer measured", () => {
    const agent = knowing();
    agent.send({ type: "configured", spec: { ...agent.spec, measured: [] } });
    expect(agent.state.capacity.measured).toEqual({ amounts: {} });
  });

  it("is not known until all of it has been said", () => {
    const agent = knowing();
    agent.send({ type: "configured", spec: { ...agent.spec, measured: ["cpu", "memory"] } });
    expect(agent.state.capacity.measured).toEqual({
      unknown: "the scheduler has not reported its capacity yet",
    });
    agent.send({ type: "configured", spec: { ...agent.spec, measured: ["cpu"] } });
    expect(agent.state.capacity.measured).toHaveProperty("unknown");
  });

  it("is what is still measured, and that alone", () => {
    const agent = asking({ measured: ["cpu", "memory"] });
    agent.answer("measure", value({ cpu: 5, memory: 7 }));
    agent.send({ type: "configured", spec: { ...agent.spec, measured: ["memory"] } });
    expect(agent.state.capacity.measured).toEqual({ amounts: { memory: 7 } });
  });
});
