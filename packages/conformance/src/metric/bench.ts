import assert from "node:assert/strict";

import {
  isMicroscalingError,
  silentLogger,
  type Logger,
  type Metric,
  type MetricQuery,
  type Reading,
  type ReadingResult,
} from "@microscaling/core";

import { parse } from "../schema.ts";
import { createTraces, traced, tracesOf } from "../traces.ts";
import { createWaiting, type Waiting } from "../waiting.ts";
import type { MetricFixture } from "./fixture.ts";

/** The tools of one test. The metric is closed when the test ends. */
export interface MetricBench extends Waiting {
  readonly metric: Metric;
  /** The checked queries of the two queues, for two tasks. */
  readonly queries: readonly [MetricQuery, MetricQuery];
  /** Builds a task's query from its form in a config. */
  readonly query: (task: string, written: unknown) => Promise<MetricQuery>;
  /** Reads once, within the deadline. */
  readonly read: (
    queries: readonly MetricQuery[],
    by?: Metric,
  ) => Promise<readonly ReadingResult[]>;
  /** Reads until the first result is this number. */
  readonly untilRead: (query: MetricQuery, value: number) => Promise<Reading>;
}

/** A signal for calls that must not be aborted. */
export const patient = (): AbortSignal => new AbortController().signal;

/** Wraps a test body: creates its bench, and always closes the metric. */
export function onBench(
  fixture: MetricFixture,
  body: (bench: MetricBench) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const bench = await createBench(fixture);
    try {
      await body(bench);
    } finally {
      // Another test checks `close`. It must not hide the failure of this test.
      await bench.within(bench.metric.close(), "close").catch(() => {});
      tracesOf(bench.metric).release();
    }
  };
}

/** Creates a metric from options in the form of a config. Everything that it opens is traced. */
export async function make(
  fixture: MetricFixture,
  written: unknown,
  logger: Logger = silentLogger,
): Promise<Metric> {
  const options = await parse(fixture.plugin.options, written);
  const traces = createTraces();
  const context = { clock: fixture.clock, logger };
  return traced(
    traces.runBlocking(() => fixture.plugin.create(options, context)),
    traces,
  );
}

async function createBench(fixture: MetricFixture): Promise<MetricBench> {
  const waiting = createWaiting(fixture);
  const metric = await make(fixture, fixture.options());

  async function query(task: string, written: unknown): Promise<MetricQuery> {
    return { task, query: await parse(fixture.plugin.query, written) };
  }

  async function read(
    queries: readonly MetricQuery[],
    by: Metric = metric,
  ): Promise<readonly ReadingResult[]> {
    return waiting.within(by.read(queries, patient()), "read");
  }

  async function untilRead(asked: MetricQuery, value: number): Promise<Reading> {
    return waiting.until(async () => {
      const [result] = await read([asked]);
      return result?.kind === "reading" && result.value === value && result;
    }, `read ${value}`);
  }

  const [first, second] = fixture.queries();
  const queries = [await query("first", first), await query("second", second)] as const;
  return { ...waiting, metric, queries, query, read, untilRead };
}

/** Asserts that the result is a number. */
export function assertReading(result: ReadingResult | undefined): asserts result is Reading {
  assert.equal(result?.kind, "reading", `expected a reading, found ${JSON.stringify(result)}`);
}

/** Asserts that the number is finite and ≥ 0. */
export function assertAmount(value: unknown, name: string): void {
  const usable = typeof value === "number" && Number.isFinite(value) && value >= 0;
  assert.ok(usable, `${name}: expected a finite number ≥ 0, found ${String(value)}`);
}

/** Asserts that the error has one of the documented codes. */
export function assertOurs(error: unknown): void {
  assert.ok(
    isMicroscalingError(error),
    `expected a MicroscalingError with a known code, found ${String(error)}`,
  );
}

/** Asserts that the read failed: it threw, or returned a failure for every query. */
export async function assertFails(reading: Promise<readonly ReadingResult[]>): Promise<void> {
  const results = await reading.catch((error: unknown) => {
    assertOurs(error);
  });
  for (const result of results ?? []) {
    assert.equal(result.kind, "failure", `expected a failure, found ${JSON.stringify(result)}`);
    if (result.kind === "failure") assertOurs(result.error);
  }
}
