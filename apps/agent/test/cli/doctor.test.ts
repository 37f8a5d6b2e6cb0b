import { createTestClock } from "@microscaling/conformance";
import { MicroscalingError, type Counts, type Lease, type Scheduler } from "@microscaling/core";
import type { EngineSpec, SourceSpec, TaskSpec } from "@microscaling/engine";
import { createToyMetric } from "@microscaling/metric-toy";
import { createToyScheduler } from "@microscaling/scheduler-toy";
import { expect, it, vi } from "vitest";
import { examine } from "../../src/cli/doctor.ts";
import { fakeConfig } from "../records.ts";

const clock = createTestClock();
const error = (words: string): MicroscalingError =>
  new MicroscalingError("ERR_SCHEDULER_REFUSED", words);

const refused = (): Promise<never> => Promise.reject(error("may not list nodes"));

function task(name: string, from?: string): TaskSpec {
  const metric = { query: {}, maxAgeMs: 10_000, failures: 3, fallback: "hold" } as const;
  return {
    name,
    priority: 1,
    min: 0,
    max: 10,
    maxDelta: 10,
    uses: { instances: 1, cpu: 0.5 },
    target: { use: "remainder" },
    workload: {},
    ...(from === undefined ? {} : { metric: { source: from, ...metric } }),
  };
}

function source(metric: SourceSpec["metric"]): SourceSpec {
  return { name: "toy", metric, intervalMs: 500, timeoutMs: 2000 };
}

/** The doctor's lines as text: `ok mails: 3 running`. */
async function linesOf(
  scheduler: Partial<Scheduler<never>>,
  change: Partial<EngineSpec> = {},
): Promise<string[]> {
  const { spec } = fakeConfig();
  const whole = { ...spec.scheduler.scheduler, ...scheduler } as Scheduler;
  const examined = examine(
    {
      ...spec,
      tasks: [task("mails"), task("batch")],
      ...change,
      scheduler: { ...spec.scheduler, scheduler: whole, timeoutMs: 60_000 },
    },
    clock,
  );
  await clock.advance(10_000);
  return (await examined).map(
    ({ about, level, message, advice }) =>
      `${level} ${about}: ${message}${advice === undefined ? "" : ` → ${advice}`}`,
  );
}

it("shows the counts and what the plugin's check finds, task by task", async () => {
  const toy = createToyScheduler({ clock });
  toy.add("mails", 3);
  toy.fail("batch", error("batch may not be scaled"), "check");
  expect(await linesOf(toy)).toEqual([
    "ok scheduler toy: answers, and counted 2 tasks",
    "ok mails: 3 running",
    "ok mails: instances can start",
    "ok batch: 0 running",
    expect.stringMatching(/^problem batch: batch may not be scaled → \w/),
    "ok capacity: instances: 3 of 10 in use",
  ]);
  expect(new Set(toy.calls.map(({ method }) => method))).toEqual(new Set(["observe", "check"]));
});

it("goes by the counts where the plugin checks nothing", async () => {
  const gone = new MicroscalingError("ERR_OBJECT_MISSING", "batch is not there");
  const counts: Counts = { running: 2, starting: 1, stopping: 1, requested: 3 };
  const observe: Scheduler["observe"] = async () =>
    new Map<string, Counts | MicroscalingError>([
      ["mails", counts],
      ["batch", gone],
    ]);
  const told = [
    "ok scheduler toy: answers, and counted 1 of 2 tasks",
    "ok mails: 2 running, 1 starting, 1 stopping",
    expect.stringMatching(/^problem batch: batch is not there → Create the object/),
    "ok capacity: instances: 4 of 10 in use",
  ];
  expect(await linesOf({ observe })).toEqual(told);
});

it("tells once what both the counts and the check find", async () => {
  const lines = await linesOf({
    observe: async () => new Map(["mails", "batch"].map((name) => [name, error("gone")])),
    check: async ({ name }) => [
      { level: "problem", message: `deployment ${name} is not there`, advice: "create it" },
    ],
  });
  expect(lines.filter((line) => line.startsWith("problem"))).toEqual([
    "problem mails: deployment mails is not there → create it",
    "problem batch: deployment batch is not there → create it",
  ]);
});

it("tells once that the scheduler cannot be asked", async () => {
  const toy = createToyScheduler({ clock });
  toy.unreachable(true);
  expect(await linesOf(toy)).toEqual([
    expect.stringMatching(/^problem scheduler toy: .*unreachable.* → \w/),
  ]);
});

it("does not let one backend that hangs keep back the others' lines", async () => {
  const metric = createToyMetric({ clock });
  metric.set("batch", 17, { ready: 15, inFlight: 2 });
  const hung = createToyMetric({ clock });
  hung.hang();
  const toy = createToyScheduler({ clock });
  toy.stalled(true);
  const sources = new Map([
    ["toy", source(metric)],
    ["hung", source(hung)],
  ]);
  const lines = await linesOf(toy, {
    sources,
    tasks: [task("mails", "hung"), task("batch", "toy")],
  });
  expect(lines).toEqual([
    expect.stringMatching(/^problem scheduler toy: .*within 10s.* → \w/),
    expect.stringMatching(/^problem metric hung \(toy\): .*within 2s.* → \w/),
    "ok batch: metric toy: 17 (ready 15, inFlight 2)",
  ]);
});

it("gives up checking when the backend leaves checks unanswered", async () => {
  const tasks = Array.from({ length: 100 }, (_, i) => task(`t${i}`));
  const toy = createToyScheduler({ clock });
  for (const { name } of tasks) toy.hang(name, "check");
  const problems = (await linesOf(toy, { tasks })).filter((line) => line.startsWith("problem"));
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.length).toBeLessThan(10);
});

it("tells a failure and a hold of a metric, with what to do", async () => {
  const metric = createToyMetric({ clock });
  metric.fail("mails", "no such queue");
  metric.hold("batch", "the queue is paused");
  const lines = await linesOf(createToyScheduler({ clock }), {
    sources: new Map([["toy", source(metric)]]),
    tasks: [task("mails", "toy"), task("batch", "toy")],
  });
  expect(lines).toContainEqual(
    expect.stringMatching(/^problem mails: metric toy: .*no such queue.* → \w/),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^warning batch: metric toy .*the queue is paused → .*keeps/),
  );
});

it("reads again what failed, since the first time is slow for reasons of its own", async () => {
  const metric = createToyMetric({ clock });
  metric.set("mails", 5);
  let reads = 0;
  const read: SourceSpec["metric"]["read"] = (queries, signal) => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error("not yet")) : metric.read(queries, signal);
  };
  const sources = new Map([["toy", source({ ...metric, read })]]);
  const lines = await linesOf({}, { sources, tasks: [task("mails", "toy")] });
  expect(lines).toContain("ok mails: metric toy: 5");
});

it("tells once what is well with several tasks in the same words", async () => {
  const lines = await linesOf({
    observe: async () => new Map(),
    check: async ({ name }) => [
      { level: "ok", message: "the cluster answers" },
      { level: "ok", message: `deployment ${name} is there` },
      { level: "warning", message: "pods cannot be counted", advice: "allow it" },
    ],
  });
  const about = (words: string): string[] => lines.filter((line) => line.includes(words));
  expect(about("the cluster answers")).toEqual(["ok scheduler toy: the cluster answers"]);
  expect(about("is there")).toHaveLength(2);
  expect(about("cannot be counted")).toHaveLength(2);
});

it("reads the lease that agents share, and leaves it as it is", async () => {
  const ha = { lease: "agents", holder: "me", durationMs: 15_000 };
  const write = vi.fn<Lease["write"]>();
  const found = { holder: "agent-1", durationMs: 15_000, version: "7" };
  const leaseOf = async (read: () => Promise<typeof found | undefined>): Promise<string[]> => {
    const lines = await linesOf({ lease: () => ({ read, write }) }, { ha });
    return lines.filter((line) => line.includes("lease agents"));
  };
  expect(await leaseOf(async () => found)).toEqual([
    "ok lease agents: can be read; its holder is agent-1",
  ]);
  expect(await leaseOf(async () => undefined)).toEqual([
    "ok lease agents: can be read; no agent holds it",
  ]);
  expect(await leaseOf(() => Promise.reject(error("may not get leases")))).toEqual([
    expect.stringMatching(/^problem lease agents: may not get leases → \w/),
  ]);
  expect(write).not.toHaveBeenCalled();
});

it("trusts nothing that a plugin returns", async () => {
  const metric = { read: async () => [], close: async () => {} };
  const lines = await linesOf(
    { observe: async () => new Map(), check: async () => [{ level: "fine" }] as never },
    { sources: new Map([["toy", source(metric)]]), tasks: [task("mails", "toy")] },
  );
  const problems = lines.filter((line) => line.startsWith("problem")).join("\n");
  expect(problems).toMatch(/mails: .*expected a list of findings/);
  expect(problems).toMatch(/metric toy: expected 1 results/);
});

it("compares the capacity with what runs, and with what the backend has", async () => {
  const toy = createToyScheduler({ clock });
  toy.add("mails", 9);
  toy.add("batch", 3);
  const capacity = { instances: 10, cpu: 8 };
  const lines = await linesOf({ ...toy, capacity: async () => ({ cpu: 4 }) }, { capacity });
  expect(lines.filter((line) => line.includes("capacity"))).toEqual([
    expect.stringMatching(/^warning capacity: instances: 12 of 10 in use → The agent will stop/),
    "ok capacity: cpu: 6 of 8 in use",
    "warning capacity: cpu: the config has 8, but toy has only 4 → Lower capacity.cpu.",
  ]);
});

it("shows what the scheduler says where the capacity is left to it", async () => {
  const toy = createToyScheduler({ clock });
  toy.add("mails", 9);
  const change = { capacity: { instances: 10, cpu: 0 }, measured: ["cpu"] };
  const capacityLines = async (capacity: Scheduler["capacity"]): Promise<string[]> => {
    const lines = await linesOf(
      { ...toy, ...(capacity === undefined ? {} : { capacity }) },
      change,
    );
    return lines.filter((line) => line.includes(" capacity: "));
  };
  expect(await capacityLines(async () => ({ cpu: 4, memory: 1 }))).toEqual([
    "ok capacity: instances: 9 of 10 in use",
    expect.stringMatching(/^warning capacity: cpu: 4\.5 of 4 in use/),
    "ok capacity: cpu: toy reports 4",
  ]);
  expect(await capacityLines(async () => ({ memory: 1 }))).toEqual([
    "ok capacity: instances: 9 of 10 in use",
    expect.stringMatching(
      /^problem capacity: cpu: toy does not report this amount, only memory → Write an amount/,
    ),
  ]);
  expect(await capacityLines(refused)).toEqual([
    "ok capacity: instances: 9 of 10 in use",
    expect.stringMatching(
      /^problem capacity: may not list nodes → .*Until then, nothing is scaled/,
    ),
  ]);
});

it("asks nobody for a right that only comparing needs", async () => {
  const capacity = { instances: 10, cpu: 8 };
  const toy = createToyScheduler({ clock });
  const lines = await linesOf({ ...toy, capacity: refused }, { capacity });
  expect(lines.filter((line) => line.includes("nodes"))).toEqual([]);
});
