import type { Counts } from "@microscaling/core";
import { expect, it } from "vitest";
import type { Command } from "../../src/events.ts";
import { stepTwice } from "../../torture/purity.ts";
import { fairly } from "../sharing/cases.ts";
import { taskSpec } from "../world.ts";
import { ACCEPTED, failed, fixed, only, open, up, value, type Opened } from "./opened.ts";

const HA = { lease: "main", holder: "me", durationMs: 3000 };
const LEASE = { holder: "me", durationMs: 3000, version: "1" };
const HOUR_MS = 3_600_000;

/** An agent with tasks that learn, follow a schedule, share fairly and are measured. Each of its steps is made on a copy, too. */
function opened(): Opened {
  const latency = { use: "latency", withinMs: 5000, changesPerMinute: Infinity } as const;
  const window = { start: "0 * * * *", durationMs: HOUR_MS / 2, timeZone: "UTC", max: 3 };
  const tasks = [
    taskSpec("learns", latency),
    fixed("scheduled", 5, { schedule: [window], weight: 2 }),
    fixed("greedy", 20, { priority: 2, max: Infinity, maxDelta: Infinity, uses: { cpu: 1 } }),
  ];
  const agent = open(tasks, {
    capacity: { instances: 10, cpu: 20 },
    measured: ["cpu"],
    sharing: fairly({ protectYoung: true, maxTakenShare: 0.5 }),
    ha: HA,
  });
  agent.send = (event) => stepTwice(agent.state, event, agent.now);
  return agent;
}

type Has = Record<string, Counts>;

/** Answers whatever was asked: the lease is this agent's, and requests come true at once. The first for each task is refused. */
function answerAll(agent: Opened, commands: readonly Command[], has: Has, refused: Set<string>) {
  for (const { id } of only(commands, "readLease")) {
    const answer = value(undefined);
    answerAll(agent, agent.send({ type: "leaseRead", id, answer }), has, refused);
  }
  for (const { id } of only(commands, "writeLease"))
    agent.send({ type: "leaseWritten", id, answer: value(LEASE) });
  for (const { id, task, instances } of only(commands, "scale")) {
    const isRefused = !refused.has(task.name);
    refused.add(task.name);
    const answer = isRefused ? failed(new Error("refused")) : ACCEPTED;
    agent.send({ type: "scaled", task: task.name, id, answer });
    if (!isRefused) has[task.name] = up(instances);
  }
}

/** What arrives and is finished by then, and what that leaves. */
function readingAt(second: number, at: number) {
  const parts = { arrived: second * 40, finished: second * 9, inFlight: 3 };
  const result = { kind: "reading", value: 100 + second, at, parts };
  return value([result]);
}

// `structuredClone` copies the state but for `spec`, which has the plugins, and for the tables in `deciding`, which follow from it.
it("the same state and event give the same commands and the same state", () => {
  const agent = opened();
  const has: Has = { learns: up(2), scheduled: up(2), greedy: up(5) };
  const refused = new Set<string>();
  answerAll(agent, agent.wait(0), has, refused);
  agent.answer("measure", value({ cpu: 8 }));
  for (let second = 0; second < 20; second++) {
    answerAll(agent, agent.wait(1000), has, refused);
    agent.answerRead("toy", readingAt(second, agent.now.wall));
    answerAll(agent, agent.count(has), has, refused);
    if (second === 15) agent.send({ type: "failed", task: "greedy", error: new Error("crashed") });
    agent.send({ type: "sourceChanged", source: "toy" });
  }
  expect(Object.values(has).map(({ running }) => running)).toEqual([7, 3, 0]);
  agent.send({ type: "configured", spec: { ...agent.spec, tasks: agent.spec.tasks.slice(0, 2) } });
  agent.count({ learns: up(1), scheduled: up(1) });
  agent.send({ type: "drain" });
  agent.count({ learns: up(0), scheduled: up(0) });
  agent.send({ type: "stop" });
  agent.wait(HOUR_MS);
});
