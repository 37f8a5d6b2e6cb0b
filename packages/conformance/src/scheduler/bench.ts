import assert from "node:assert/strict";

import {
  isMicroscalingError,
  silentLogger,
  type Counts,
  type Logger,
  type MicroscalingError,
  type Outcome,
  type Scheduler,
  type SchedulerTask,
} from "@microscaling/core";

import { parse } from "../schema.ts";
import { createTraces, traced, tracesOf } from "../traces.ts";
import { createWaiting, type Waiting } from "../waiting.ts";
import type { SchedulerFixture } from "./fixture.ts";

/** The tools of one test. Everything that the test creates with them is gone when the test ends. */
export interface SchedulerBench extends Waiting {
  readonly fixture: SchedulerFixture;
  /** A scheduler with the fixture's options. */
  readonly scheduler: Scheduler;
  /** Another scheduler with the same options. */
  readonly another: () => Promise<Scheduler>;
  /** Creates a task that no other test uses. `workload` has the form of a config. Default: the fixture's. */
  readonly task: (workload?: unknown) => Promise<SchedulerTask>;
  /** Requests a number of instances until it is accepted. Asks again while the backend is busy. */
  readonly scale: (task: SchedulerTask, instances: number, scheduler?: Scheduler) => Promise<void>;
  /** The counts of one task. */
  readonly counts: (task: SchedulerTask, scheduler?: Scheduler) => Promise<Counts>;
  /** Waits until exactly this many instances run and nothing is in progress, by the plugin's counts and in fact. */
  readonly settled: (
    task: SchedulerTask,
    instances: number,
    scheduler?: Scheduler,
  ) => Promise<Counts>;
}

/** A signal for calls that must not be aborted. */
export const patient = (): AbortSignal => new AbortController().signal;

// Names are unique in one run and, by the process id, among runs that share a backend.
let taken = 0;
const freeName = (): string => `conformance-${process.pid}-${(taken += 1)}`;

/** Wraps a test body: creates its bench, and always cleans up after it. */
export function onBench(
  fixture: SchedulerFixture,
  body: (bench: SchedulerBench) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const made: Scheduler[] = [];
    const tasks: SchedulerTask[] = [];
    const bench = await createBench(fixture, made, tasks);
    try {
      await body(bench);
    } finally {
      await clearUp(bench, made, tasks);
    }
  };
}

/** Creates a scheduler from options in the form of a config. Everything that it opens is traced. */
export async function make(
  fixture: SchedulerFixture,
  written: unknown,
  logger: Logger = silentLogger,
): Promise<Scheduler> {
  const options = await parse(fixture.plugin.options, written);
  const traces = createTraces();
  const context = { clock: fixture.clock, logger };
  return traced(
    traces.runBlocking(() => fixture.plugin.create(options, context)),
    traces,
  );
}

async function createBench(
  fixture: SchedulerFixture,
  made: Scheduler[],
  tasks: SchedulerTask[],
): Promise<SchedulerBench> {
  const waiting = createWaiting(fixture);

  async function another(): Promise<Scheduler> {
    const scheduler = await make(fixture, fixture.options());
    made.push(scheduler);
    return scheduler;
  }

  async function task(written?: unknown): Promise<SchedulerTask> {
    const name = freeName();
    const workload = await parse(fixture.plugin.workload, written ?? fixture.workload(name));
    const fresh = { name, workload };
    tasks.push(fresh);
    return fresh;
  }

  async function scale(of: SchedulerTask, instances: number, by = scheduler): Promise<void> {
    await waiting.until(async () => {
      const outcome = await by.scale(of, instances, patient());
      assertOutcome(outcome);
      if (outcome.status === "failed") throw outcome.error;
      return outcome.status === "accepted";
    }, `scale to ${instances}`);
  }

  async function counts(of: SchedulerTask, by = scheduler): Promise<Counts> {
    const observed = await waiting.within(by.observe([of], patient()), "observe");
    return countsIn(observed, of.name);
  }

  async function settled(of: SchedulerTask, instances: number, by = scheduler): Promise<Counts> {
    let last: unknown;
    return waiting
      .until(async () => {
        const found = await counts(of, by);
        const exist = await fixture.exists(of.name);
        last = { ...found, exist };
        return isSettled(found, instances) && exist === instances && found;
      }, `settle at ${instances}`)
      .catch((error: unknown) => {
        throw new Error(`${String(error)}; last seen: ${JSON.stringify(last)}`, { cause: error });
      });
  }

  const scheduler = await another();
  return { ...waiting, fixture, scheduler, another, task, scale, counts, settled };
}

function isSettled(counts: Counts, instances: number): boolean {
  const under = counts.starting + counts.stopping;
  return counts.running === instances && counts.requested === instances && under === 0;
}

// Best effort. Other tests report what a plugin cannot do, which must not hide the failure of this test.
async function clearUp(
  bench: SchedulerBench,
  made: readonly Scheduler[],
  tasks: readonly SchedulerTask[],
): Promise<void> {
  if (bench.fixture.plugin.capabilities.outlivesAgent && tasks.length > 0) {
    const sweeper = await bench.another();
    const sweeps = tasks.map(async (task) => {
      await bench.scale(task, 0, sweeper);
      await bench.settled(task, 0, sweeper);
    });
    await Promise.allSettled(sweeps);
  }
  const closed = made.map((scheduler) => bench.within(scheduler.close(), "close"));
  await Promise.allSettled(closed);
  for (const scheduler of made) tracesOf(scheduler).release();
}

/** The counts of one task from `observe`. Fails if they are missing or an error. */
export function countsIn(
  observed: ReadonlyMap<string, Counts | MicroscalingError>,
  task: string,
): Counts {
  const found = observed.get(task);
  assert.ok(found !== undefined, "observe left out a task that it was asked for");
  if (isMicroscalingError(found)) throw found;
  return found;
}

/** Asserts that the counts are whole numbers and consistent. */
export function assertCounts(counts: Counts): void {
  for (const key of ["running", "starting", "stopping", "requested"] as const) {
    assertWhole(counts[key], key);
  }
  if (counts.unhealthy !== undefined) {
    assertWhole(counts.unhealthy, "unhealthy");
    assert.ok(counts.unhealthy <= counts.running, "unhealthy ones are among the running ones");
  }
  if (counts.crashed !== undefined) assertWhole(counts.crashed, "crashed");
}

function assertWhole(value: unknown, name: string): void {
  const whole = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
  assert.ok(whole, `${name}: expected a whole number ≥ 0, found ${String(value)}`);
}

/** Asserts that the outcome is one of the three, and that its error is a MicroscalingError. */
export function assertOutcome(outcome: Outcome): void {
  assert.ok(["accepted", "busy", "failed"].includes(outcome.status), "an outcome's status");
  if (outcome.status === "failed") assertOurs(outcome.error);
}

/** Asserts that the error has one of the documented codes. */
export function assertOurs(error: unknown): void {
  assert.ok(
    isMicroscalingError(error),
    `expected a MicroscalingError with a known code, found ${String(error)}`,
  );
}
