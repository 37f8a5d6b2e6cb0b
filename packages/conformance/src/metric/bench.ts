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

/** What one test works with. The metric is closed when the test ends. */
export interface MetricBench extends Waiting {
  readonly metric: Metric;
  /** The two queues' queries, checked, as two tasks ask them. */
  readonly queries: readonly [MetricQuery, MetricQuery];
  /** A query for a task, from how it is written in a config. */
  readonly query: (task: string, written: unknown) => Promise<MetricQuery>;
  /** Reads once, within the deadline. */
  readonly read: (
    queries: readonly MetricQuery[],
    by?: Metric,
  ) => Promise<readonly ReadingResult[]>;
  /** Reads until the first result is such a number. */
  readonly untilRead: (query: MetricQuery, value: number) => Promise<Reading>;
}

/** A signal for calls that are not to be aborted. */
export const patient = (): AbortSignal => new AbortController().signal;

/** Wraps a test body: makes its bench, and closes the metric whatever came of it. */
export function onBench(
  fixture: MetricFixture,
  body: (bench: MetricBench) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const bench = await createBench(fixture);
    try {
      await body(bench);
    } finally {
      // That it closes is a test of its own, and must not hide the failure of this one.
      await bench.within(bench.metric.close(), "close").catch(() => {});
      tracesOf(bench.metric).release();
    }
  };
}

/** Makes a metric from options as written in a config. Whatever it opens is traced. */
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

/** The result is a number. */
export function assertReading(result: ReadingResult | undefined): asserts result is Reading {
  assert.equal(result?.kind, "reading", `expected a reading, found ${JSON.stringify(result)}`);
}

/** The number can be used: finite and ≥ 0. */
export function assertAmount(value: unknown, name: string): void {
  const usable = typeof value === "number" && Number.isFinite(value) && value >= 0;
  assert.ok(usable, `${name}: expected a finite number ≥ 0, found ${String(value)}`);
}

/** The error has one of the codes that users can look up. */
export function assertOurs(error: unknown): void {
  assert.ok(
    isMicroscalingError(error),
    `expected a MicroscalingError with a known code, found ${String(error)}`,
  );
}

/** Nothing was read, and it says so: by throwing, or by a failure for every query. */
export async function assertFails(reading: Promise<readonly ReadingResult[]>): Promise<void> {
  const results = await reading.catch((error: unknown) => {
    assertOurs(error);
  });
  for (const result of results ?? []) {
    assert.equal(result.kind, "failure", `expected a failure, found ${JSON.stringify(result)}`);
    if (result.kind === "failure") assertOurs(result.error);
  }
}
