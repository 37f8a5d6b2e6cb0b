import { MicroscalingError, type Scheduler } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { hasEnded } from "../../src/act/election.ts";
import { termOf, roleOf, wakeAt } from "../../src/step.ts";
import type { Command } from "../../src/events.ts";
import type { TaskSpec } from "../../src/spec.ts";
import { toSchedulerTask } from "../../src/state.ts";
import { queue, taskSpec } from "../world.ts";
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
  START_MS,
  up,
  value,
  type Opened,
} from "./opened.ts";

const HA = { lease: "main", holder: "me", durationMs: 3000 };

/** An agent that shares a lease and has looked at it. */
function sharing(tasks: readonly TaskSpec[] = [fixed("a", 4)]): Opened {
  const agent = open(tasks, { ha: HA });
  agent.wait(0);
  agent.answer("observe", value(new Map([["a", up(0)]])));
  return agent;
}

/** It has taken the lease. */
function leading(tasks?: readonly TaskSpec[]): Opened {
  const agent = sharing(tasks);
  const { id: read } = agent.state.election!.phase as { id: number };
  const [write] = only(
    agent.send({ type: "leaseRead", id: read, answer: value(undefined) }),
    "writeLease",
  );
  const lease = { holder: "me", durationMs: 3000, version: "1" };
  agent.send({ type: "leaseWritten", id: write!.id, answer: value(lease) });
  return agent;
}

describe("a turn", () => {
  it("comes at once, then twice a second", () => {
    const agent = open([fixed("a", 1)]);
    const turns = (ms: number) => only(agent.wait(ms), "report").length;
    expect(turns(0)).toBe(1);
    expect(turns(499)).toBe(0);
    expect(turns(1)).toBe(1);
    expect(agent.state.turn.lastAt).toBe(agent.now.mono);
  });

  it("comes 2 ms after the first change, and says how late it is", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    agent.send({ type: "failed", task: "a", error: new Error("x") });
    agent.wait(1);
    agent.send({ type: "failed", task: "a", error: new Error("x") });
    expect(only(agent.wait(0), "report")).toEqual([]);
    expect(only(agent.wait(1), "report")).toHaveLength(1);
    expect(agent.state.turn.record?.lagMs).toBe(2);
    agent.wait(500);
    expect(agent.state.turn.record?.lagMs).toBe(0);
  });

  it("reports what was known and what was decided, with both times", () => {
    const agent = open([fixed("a", 3)]);
    agent.now.wall += 3_600_000;
    const report = only(agent.count({ a: up(0) }), "report").at(-1)?.turn;
    expect(report).toMatchObject({
      at: EPOCH_MS + agent.now.mono,
      wall: agent.now.wall,
      measured: { amounts: {} },
      observed: [{ counts: up(0) }],
      decisions: [{ task: "a", desired: 3, granted: 3, requested: 3 }],
    });
    expect(agent.state.turn.record).toMatchObject({
      at: agent.now.wall,
      decisions: report?.decisions,
    });
    expect(agent.state.turn.record).not.toHaveProperty("role");
  });

  it("that is recorded is a copy of what was known, before anything was asked", () => {
    const agent = open([fixed("a", 3)], {}, { isRecorded: true });
    const report = only(agent.count({ a: up(0) }), "report").at(-1)?.turn;
    expect(agent.task().pending).toHaveLength(1);
    expect(report?.observed[0]?.pending).toEqual([]);
  });
});

describe("a change that the scheduler tells of", () => {
  it("leads to counts, which lead to a turn, and to nothing before", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    const { dueAt } = agent.state.turn;
    agent.send({ type: "countsChanged" });
    expect(agent.state.turn.dueAt).toBe(dueAt);
  });
});

describe("the next time to wake up", () => {
  it("is that of whatever is due first", () => {
    const agent = open([taskSpec("a", queue(1))]);
    agent.wait(0);
    expect(wakeAt(agent.state)).toBe(START_MS + 500);
    agent.answer("observe", value(new Map([["a", up(0)]])));
    expect(wakeAt(agent.state)).toBe(START_MS + 2);
    agent.wait(2);
    agent.answerRead("toy", failed(new Error("x")));
    agent.wait(2);
    expect(wakeAt(agent.state)).toBe(START_MS + 500);
    agent.state.counting.pace.nextAt = 30;
    expect(wakeAt(agent.state)).toBe(30);
    agent.state.sources[0]!.pace.nextAt = 20;
    expect(wakeAt(agent.state)).toBe(20);
    agent.state.capacity.pace.nextAt = 10;
    expect(wakeAt(agent.state)).toBe(10);
  });

  it("never comes once an agent that shares no lease has stopped", () => {
    const agent = open([fixed("a", 1)]);
    agent.wait(0);
    agent.send({ type: "stop" });
    expect(agent.state.phase).toBe("stopping");
    expect(wakeAt(agent.state)).toBe(Infinity);
    expect(agent.wait(60_000)).toEqual([]);
  });

  it("is that of the election, too", () => {
    const agent = sharing();
    expect(wakeAt(agent.state)).toBe(agent.now.mono + 2);
    const { id } = agent.state.election!.phase as { id: number };
    const lease = { holder: "other", durationMs: 3000, version: "1" };
    agent.send({ type: "leaseRead", id, answer: value(lease) });
    agent.state.turn.dueAt = Infinity;
    agent.state.counting.pace.nextAt = Infinity;
    agent.state.counting.pace.changed = false;
    agent.state.capacity.pace.nextAt = Infinity;
    expect(wakeAt(agent.state)).toBe(agent.now.mono + 400);
    agent.state.phase = "stopping";
    expect(wakeAt(agent.state)).toBe(agent.now.mono + 400);
  });
});

const types = (commands: readonly { type: string }[]) => commands.map(({ type }) => type);

describe("one turn alone", () => {
  it("reads and counts everything, also what is not due", () => {
    const agent = open([taskSpec("a", queue(1))], { measured: ["cpu"], capacity: { cpu: 1 } });
    const first = agent.send({ type: "once", part: "observe" });
    expect(types(first)).toEqual(["measure", "observe", "read"]);
    expect(types(agent.send({ type: "once", part: "observe" }))).toEqual([
      "measure",
      "observe",
      "read",
    ]);
  });

  it("decides, and asks only if it is to", () => {
    const agent = open([fixed("a", 3)]);
    agent.wait(0);
    agent.answer("observe", value(new Map([["a", up(0)]])));
    const decide = (acts: boolean) => agent.send({ type: "once", part: "decide", acts });
    const commands = decide(false);
    expect(only(commands, "report")).toHaveLength(1);
    expect(scaled(commands)).toEqual([]);
    expect(scaled(decide(true))).toEqual(["a to 3"]);
  });

  it("that does not act limits no growth", () => {
    const agent = open([fixed("a", 3)]);
    agent.wait(0);
    agent.answer("observe", value(new Map([["a", up(0)]])));
    for (let i = 0; i < 3; i++) agent.send({ type: "failed", task: "a", error: new Error("x") });
    agent.send({ type: "once", part: "decide", acts: false });
    expect(agent.state.turn.record?.decisions[0]?.granted).toBe(3);
  });
});

describe("an agent that shares a lease", () => {
  it("asks for nothing until it leads, and for nothing by counts from before", () => {
    const agent = sharing();
    expect(scaled(agent.wait(2))).toEqual([]);
    expect(termOf(agent.state, agent.now)).toBeUndefined();
    agent.state.counting.pace.changed = false;
    const { id } = agent.state.election!.phase as { id: number };
    const [write] = only(
      agent.send({ type: "leaseRead", id, answer: value(undefined) }),
      "writeLease",
    );
    expect(write).toMatchObject({
      lease: "main",
      claim: { holder: "me", durationMs: 3000 },
      over: undefined,
    });
    const lease = { holder: "me", durationMs: 3000, version: "1" };
    const commands = agent.send({ type: "leaseWritten", id: write!.id, answer: value(lease) });
    expect(logged(commands)).toEqual(["leads now (lease main)"]);
    expect(agent.state.turn.dueAt).toBe(agent.now.mono + 2);
    expect(agent.state.counting.pace.changed).toBe(true);
    expect(scaled(agent.wait(2))).toEqual([]);
    const [call] = only(agent.count({ a: up(0) }), "scale");
    expect(call).toMatchObject({ instances: 4, until: START_MS + 2 + 2000 });
    expect(agent.state.turn.record?.role).toEqual({ lease: "main", leads: true, leader: "me" });
  });

  it("starts nothing into room that a task may have by now that it counted before its term alone", () => {
    const agent = open([fixed("a", 4), fixed("b", 0)], { ha: HA });
    agent.wait(0);
    const { id } = agent.state.election!.phase as { id: number };
    agent.answer(
      "observe",
      value(
        new Map([
          ["a", up(0)],
          ["b", up(0)],
        ]),
      ),
    );
    const free = value(undefined);
    const [write] = only(agent.send({ type: "leaseRead", id, answer: free }), "writeLease");
    const lease = { holder: "me", durationMs: 3000, version: "1" };
    agent.wait(1);
    agent.send({ type: "leaseWritten", id: write!.id, answer: value(lease) });
    expect(scaled(agent.count({ a: up(0) }))).toEqual([]);
    expect(agent.task("b")).toMatchObject({ countsProblem: "plugin toy: no counts for b" });
    expect(scaled(agent.count({ a: up(0), b: up(5) }))).toContain("a to 4");
  });

  it("keeps what others may have asked for once, however often it begins to lead without counts", () => {
    const agent = leading();
    for (let version = 2; version < 12; version++) {
      const [write] = only(agent.wait(2000), "writeLease");
      const lease = { holder: "me", durationMs: 3000, version: `${version}` };
      const answer = value(lease);
      const commands = agent.send({ type: "leaseWritten", id: write!.id, answer });
      expect(logged(commands)).toEqual(["leads now (lease main)"]);
    }
    expect(agent.task().pending).toMatchObject([{ instances: 10, shownFrom: agent.now.mono }]);
  });

  it("may act by counts that were asked for in the moment in which it began to lead", () => {
    const agent = leading();
    agent.state.counting.countedAt = agent.now.mono - 1;
    expect(scaled(agent.turn())).toEqual([]);
    agent.state.counting.countedAt = termOf(agent.state, agent.now)!.since;
    agent.state.turn.dueAt = 0;
    expect(scaled(agent.wait(1))).toEqual(["a to 4"]);
  });

  it("leaves room for all that the leader before may have asked for, in any window of a schedule", () => {
    const schedule = [
      { start: "0 8 * * *", durationMs: 1000, timeZone: "UTC", max: 8 },
      { start: "0 9 * * *", durationMs: 1000, timeZone: "UTC", min: 1 },
    ];
    const agent = leading([fixed("a", 4, { max: 4, schedule }), fixed("b", 10)]);
    const unknown = new MicroscalingError("ERR_PLUGIN_FAULT", "no answer");
    agent.count({ a: unknown, b: up(0) });
    expect(agent.state.turn.record?.decisions[1]).toMatchObject({ granted: 10, requested: 2 });
  });

  it("ends its calls when its term ends, and asks for nothing after it", () => {
    const agent = leading();
    const [call] = only(agent.count({ a: up(0) }), "scale");
    const commands = agent.wait(2000);
    expect(only(commands, "cancel")).toEqual([{ type: "cancel", id: call!.id }]);
    expect(logged(commands)).toHaveLength(1);
    expect(roleOf(agent.state, agent.now)?.leads).toBe(false);
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: abandoned() });
    agent.now.mono += 10_000;
    expect(scaled(agent.count({ a: up(0) }))).toEqual([]);
  });

  it("lets its calls go on when it renews the lease", () => {
    const agent = leading();
    agent.count({ a: up(0) });
    const [write] = only(agent.wait(400), "writeLease");
    const lease = { holder: "me", durationMs: 3000, version: "2" };
    const commands = agent.send({ type: "leaseWritten", id: write!.id, answer: value(lease) });
    expect(only(commands, "cancel")).toEqual([]);
  });

  it("tells once that the lease cannot be had, and by which code", () => {
    const agent = sharing();
    const { id } = agent.state.election!.phase as { id: number };
    const fail = (read: number) =>
      only(agent.send({ type: "leaseRead", id: read, answer: failed(new Error("odd")) }), "log");
    expect(fail(id)).toEqual([
      {
        type: "log",
        level: "warn",
        message: "lease main: odd",
        fields: { code: "ERR_PLUGIN_FAULT" },
      },
    ]);
    const [again] = only(agent.wait(400), "readLease");
    expect(fail(again!.id)).toEqual([]);
  });

  it("does not know who leads when the lease was deleted", () => {
    const agent = sharing();
    const { id } = agent.state.election!.phase as { id: number };
    const lease = { holder: "other", durationMs: 3000, version: "1" };
    agent.send({ type: "leaseRead", id, answer: value(lease) });
    expect(roleOf(agent.state, agent.now)?.leader).toBe("other");
    const [again] = only(agent.wait(400), "readLease");
    agent.send({ type: "leaseRead", id: again!.id, answer: value(undefined) });
    expect(roleOf(agent.state, agent.now)).toEqual({
      lease: "main",
      leads: false,
      leader: undefined,
    });
  });

  it("ends only calls that are under way", () => {
    const agent = leading();
    const [call] = only(agent.count({ a: up(0) }), "scale");
    agent.send({ type: "scaled", task: "a", id: call!.id, answer: ACCEPTED });
    expect(only(agent.wait(2000), "cancel")).toEqual([]);
  });

  it("gives the lease back when it resigns, and begins nothing more", () => {
    const agent = leading();
    agent.send({ type: "stop" });
    const { election } = agent.state;
    expect(hasEnded(election!)).toBe(false);
    const [write] = only(agent.send({ type: "resign" }), "writeLease");
    expect(write?.claim.holder).toBe("");
    expect(hasEnded(election!)).toBe(false);
    agent.send({ type: "leaseWritten", id: write!.id, answer: value(undefined) });
    expect(hasEnded(election!)).toBe(true);
    expect(only(agent.wait(10_000), "observe")).toEqual([]);
  });

  it("goes on leading while it stops, so that its calls can end before another acts", () => {
    const agent = leading();
    const [call] = only(agent.count({ a: up(0) }), "scale");
    expect(agent.send({ type: "stop" })).toEqual([]);
    expect(termOf(agent.state, agent.now)).toBeDefined();
    expect(only(agent.send({ type: "resign" }), "cancel")).toEqual([
      { type: "cancel", id: call!.id },
    ]);
    expect(termOf(agent.state, agent.now)).toBeUndefined();
  });

  it("takes no part in a dry run", () => {
    const agent = open([fixed("a", 4)], { ha: HA }, { dryRun: true });
    expect(only(agent.wait(0), "readLease")).toEqual([]);
    expect(termOf(agent.state, agent.now)).toBeUndefined();
    expect(roleOf(agent.state, agent.now)).toBeUndefined();
  });

  it("goes on leading through a reload that leaves the lease as it is", () => {
    const agent = leading();
    const { election } = agent.state;
    agent.send({ type: "configured", spec: { ...agent.spec, ha: { ...HA }, tasks: [] } });
    expect(agent.state.election).toBe(election);
  });

  it("gives the old lease back, and ends its calls, when it is to share another", () => {
    const agent = leading();
    agent.count({ a: up(0) });
    const pending = agent.task().pending[0]!;
    const ha = { ...HA, lease: "other" };
    const commands = agent.send({ type: "configured", spec: { ...agent.spec, ha } });
    expect(only(commands, "writeLease")).toMatchObject([{ lease: "main", claim: { holder: "" } }]);
    expect(only(commands, "cancel")).toContainEqual({ type: "cancel", id: pending.id });
    expect(agent.state.election?.ha.lease).toBe("other");
    expect(only(agent.wait(0), "readLease")).toMatchObject([{ lease: "other" }]);
  });

  it("drains what a reload removes as it still leads the old lease", () => {
    const agent = leading();
    const drains = { ...agent.spec, shutdown: "drain" } as const;
    agent.send({ type: "configured", spec: drains });
    agent.send({ type: "configured", spec: { ...drains, tasks: [], ha: { ...HA, lease: "x" } } });
    expect(agent.state.tasks).toHaveLength(1);
  });
});

describe("an agent that shares no lease", () => {
  it("ends its calls when a reload makes it share one", () => {
    const agent = open([fixed("a", 4)]);
    const [call] = only(agent.count({ a: up(0) }), "scale");
    const commands = agent.send({ type: "configured", spec: { ...agent.spec, ha: HA } });
    expect(only(commands, "cancel")).toEqual([{ type: "cancel", id: call!.id }]);
  });

  it("may always act, and plays no part", () => {
    const agent = open([fixed("a", 1)]);
    expect(termOf(agent.state, agent.now)).toEqual({ since: -Infinity, until: Infinity });
    expect(roleOf(agent.state, agent.now)).toBeUndefined();
    expect(agent.send({ type: "leaseRead", id: 1, answer: value(undefined) })).toEqual([]);
  });
});

it("tells the scheduler of a task no more than its name and its workload", () => {
  expect(toSchedulerTask(fixed("a", 1, { workload: { image: "x" } }))).toEqual({
    name: "a",
    workload: { image: "x" },
  });
});

it("gives every call a number of its own", () => {
  const { scheduler } = open([]).spec;
  const prepares = { ...scheduler.scheduler, prepare() {} } as unknown as Scheduler;
  const agent = open([taskSpec("a", queue(1)), fixed("b", 3)], {
    measured: ["cpu"],
    capacity: { instances: 10, cpu: 1 },
    scheduler: { ...scheduler, scheduler: prepares },
    ha: HA,
  });
  const ids: number[] = [];
  const note = (commands: readonly Command[]) => {
    for (const command of commands) if ("id" in command) ids.push(command.id);
    return commands;
  };
  for (let i = 0; i < 3; i++) {
    for (const part of ["observe", "prepare"] as const) note(agent.send({ type: "once", part }));
    for (const task of agent.state.tasks)
      task.preparation = { phase: "needed", reason: "", failedStarts: 0 };
  }
  note(agent.wait(0));
  expect(ids).toHaveLength(16);
  expect(new Set(ids).size).toBe(ids.length);
});

it("does not mind what it has no call for", () => {
  const agent = open([taskSpec("a", queue(1))]);
  const error = new MicroscalingError("ERR_DEADLINE", "late");
  agent.send({ type: "returned", id: 99 });
  agent.send({ type: "observed", id: 99, answer: failed(error) });
  agent.send({ type: "measured", id: 99, answer: failed(error) });
  agent.send({ type: "sourceChanged", source: "none" });
  expect(agent.task().countsProblem).toBe("not counted yet");
  expect(agent.state.capacity.problem).toBeUndefined();
});
