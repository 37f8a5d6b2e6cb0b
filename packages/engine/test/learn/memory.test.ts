import type { Metric } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import {
  decideTurn,
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  openDeciding,
  NOTHING_MEASURED,
  type Observed,
  type DecidingSpec,
  type SourceSpec,
  type TargetSpec,
  type TaskSpec,
} from "../../src/index.ts";
import { learnedBy } from "../../src/decide/decider.ts";
import type { Learned } from "../../src/decide/learn/learned.ts";
import { taskSpec } from "../world.ts";

const WITHIN_10_S = { use: "latency", withinMs: 10_000, changesPerMinute: 20 } as const;

const AUTO: TargetSpec = {
  use: "queue",
  length: 10,
  gains: "auto",
  kP: 0.04,
  kI: 0,
  kD: 1.25,
  velocitySamples: 1,
};

function latencyTask(name: string): TaskSpec {
  return taskSpec(name, WITHIN_10_S);
}

/** The `round`-th look, half a second after the one before: `each` jobs arrive in between, and two instances finish two. */
function seen(round: number, each: number): Observed {
  const arrived = round * each;
  const finished = round * 2;
  const ready = arrived - finished;
  const parts = { ready, inFlight: 2, arrived, finished: Math.max(0, finished - 2) };
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const reading = { kind: "reading", value: ready, at: round * 500, parts } as const;
  return { ...nothingObserved(), counts, countsProblem: undefined, noReading: undefined, reading };
}

/** The same of a backend that tells the length alone. */
function lengthOnly(round: number, each: number): Observed {
  const observed = seen(round, each);
  const { value, at } = observed.reading!;
  return { ...observed, reading: { kind: "reading", value, at } };
}

/** A look at a task with few jobs, and one at a task with many. */
function looks(round: number) {
  return [seen(round, 3), seen(round, 9)] as const;
}

describe("what is remembered", () => {
  it("is plain data: a clone goes on exactly as the original does", () => {
    const auto = taskSpec("c", AUTO);
    const tasks = [latencyTask("a"), latencyTask("b"), auto];
    const table = layOutTasks(tasks, { instances: 20 });
    let memory = emptyMemory(table);
    for (let round = 1; round < 40; round++) {
      const observed = [seen(round, 3), lengthOnly(round, 5), seen(round, 7)];
      const before = structuredClone(memory);
      const first = decide(table, observed, memory, round * 500);
      const again = decide(table, observed, before, round * 500);
      expect(again).toEqual(first);
      ({ memory } = first);
    }
    expect(memory.desired.map((one) => one?.reason)).not.toContain(undefined);
  });

  it("stays with its task over a reload, wherever the task then stands", () => {
    const [a, b, c] = ["a", "b", "c"].map(latencyTask) as [TaskSpec, TaskSpec, TaskSpec];
    const capacity = { instances: 20 };
    const before = openDeciding({ tasks: [a, b], capacity });
    for (let round = 1; round < 20; round++)
      decideTurn(before, looks(round), NOTHING_MEASURED, round * 500);
    const [ofA, ofB] = decideTurn(before, looks(20), NOTHING_MEASURED, 10_000);
    expect(ofA!.belief?.arrivalRate).toBeCloseTo(6, 0);
    expect(ofB!.belief?.arrivalRate).toBeCloseTo(18, 0);

    const after = openDeciding({ tasks: [c, b, a], capacity }, before);
    const [lookA, lookB] = looks(20);
    const reloaded = decideTurn(after, [nothingObserved(), lookB, lookA], NOTHING_MEASURED, 10_000);
    expect(reloaded.map(({ belief }) => belief)).toEqual([undefined, ofB!.belief, ofA!.belief]);
  });

  it.each([
    ["target", { target: { ...WITHIN_10_S, withinMs: 9000 } }, {}],
    ["query", { metric: { ...latencyTask("a").metric!, query: { topic: "other" } } }, {}],
    ["source", { metric: { ...latencyTask("a").metric!, source: "other" } }, {}],
    ["server that its source reads", {}, { toy: "another" }],
  ] as const)("begins anew when a reload changes its %s", (_, changes, servers) => {
    const metrics = new Map<string, Metric>();
    const sourcesOn = (names: Readonly<Record<string, string>>) => {
      const entries = Object.entries({ toy: "one", other: "two", ...names });
      return new Map(entries.map(([name, server]) => [name, sourceOn(metrics, server)]));
    };
    const task = latencyTask("a");
    const capacity = { instances: 20 };
    const before = openDeciding({ tasks: [task], capacity, sources: sourcesOn({}) });
    for (let round = 1; round < 20; round++)
      decideTurn(before, [seen(round, 3)], NOTHING_MEASURED, round * 500);
    const beliefAfter = (next: TaskSpec, sources: DecidingSpec["sources"]) => {
      const after = openDeciding({ tasks: [next], capacity, sources: sources! }, before);
      return decideTurn(after, [seen(20, 3)], NOTHING_MEASURED, 10_000)[0]!.belief;
    };
    expect(beliefAfter({ ...task, max: 9 }, sourcesOn({}))).toBeDefined();
    expect(beliefAfter({ ...task, ...changes }, sourcesOn(servers))).toBeUndefined();
  });
});

describe("what has been learned of the load", () => {
  const spec = {
    use: "latency",
    withinMs: 10_000,
    startupMs: 60_000,
    changesPerMinute: 20,
  } as const;
  const capacity = { instances: 20 };
  const learnedAfter = (task: TaskSpec, rounds: number, from = 0) => {
    const deciding = openDeciding({ tasks: [task, taskSpec("auto", AUTO)], capacity });
    for (let round = from + 1; round <= from + rounds; round++)
      decideTurn(deciding, [seen(round, 3), seen(round, 3)], NOTHING_MEASURED, round * 500);
    return learnedBy(deciding);
  };

  it("is given out by task, and taken back at the next start", () => {
    const first = learnedAfter(taskSpec("a", spec), 2000);
    expect([...first.keys()]).toEqual(["a"]);
    const second = (learned?: unknown) =>
      learnedAfter(taskSpec("a", spec, { learned }), 2, 2000).get("a") as Learned;
    const { rates } = first.get("a") as Learned;
    expect(second(first.get("a")).rates).toBe(rates);
    expect(second().rates).not.toBe(rates);
  });

  it("is what was known before, until there is a reading", () => {
    const learned = { some: "thing" };
    expect(learnedAfter(taskSpec("a", spec, { learned }), 0)).toEqual(new Map([["a", learned]]));
  });
});

/** One metric for each server, as a reload keeps the plugins whose options stay. */
function sourceOn(metrics: Map<string, Metric>, server: string): SourceSpec {
  const metric = metrics.get(server) ?? { read: async () => [], close: async () => {} };
  metrics.set(server, metric);
  return { name: "toy", metric, intervalMs: 500, timeoutMs: 1000 };
}
