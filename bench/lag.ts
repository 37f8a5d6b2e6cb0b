// From a reading that a source pushes to the call to the scheduler: the engine's own share, with 100 tasks and nothing else in the way.
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger, systemClock } from "@microscaling/core";
import { createEngine, type EngineSpec } from "@microscaling/engine";
import { createToyMetric } from "@microscaling/metric-toy";
import { createToyScheduler } from "@microscaling/scheduler-toy";
import { percentile, row, type Row } from "./row.ts";
import { task } from "./tasks.ts";

const TASKS = 100;
const SAMPLES = 500;
/** The engine waits this long for further changes; a bare timer of the same length is the baseline. */
const COALESCE_MS = 2;
const BUSY_LENGTH = 1000;

/** Measures the lag, sample by sample, beside the bare timer. */
export async function run(): Promise<Row[]> {
  const metric = createToyMetric({ clock: systemClock });
  const scheduler = createToyScheduler({ clock: systemClock });
  let called = Promise.withResolvers<number>();
  const timed: typeof scheduler = {
    ...scheduler,
    scale(...asked) {
      called.resolve(performance.now());
      return scheduler.scale(...asked);
    },
  };
  const engine = createEngine(specOf(timed, metric), {
    clock: systemClock,
    logger: silentLogger,
    monitors: [],
    random: Math.random,
    dryRun: false,
  });
  for (let i = 0; i < TASKS; i++) metric.set(`task-${i}`, 40);
  engine.start();
  try {
    // All start their first instance; then it is quiet.
    await sleep(1000);
    const lags: number[] = [];
    const timers: number[] = [];
    const beyond: number[] = [];
    for (let i = 0; i < SAMPLES; i++) {
      const name = `task-${i % TASKS}`;
      called = Promise.withResolvers();
      const start = performance.now();
      // In the same moment, so that what the machine is late by can be told from what the engine takes.
      const beside = bareTimer();
      metric.set(name, BUSY_LENGTH);
      const lag = (await called.promise) - start;
      lags.push(lag);
      beyond.push(Math.max(0, lag - (await beside)));
      metric.set(name, 40);
      // Until the counts that followed are on the board, and off the beat of the engine's own ticks.
      await sleep(10 + Math.random() * 10);
      timers.push(await bareTimer());
    }
    const rows = [0.5, 0.99].map((part) => {
      const name = `lag, reading to scheduler call, ${TASKS} tasks, p${part * 100}`;
      const bar = part === 0.5 ? "reported" : { value: 5 };
      return row(name, "ms", percentile(lags, part), percentile(timers, part), bar);
    });
    const name = "lag, beyond a bare timer started with it, p99";
    const [more, timer] = [beyond, timers].map((times) => percentile(times, 0.99));
    return [...rows, row(name, "ms", more ?? 0, timer ?? 0, "reported")];
  } finally {
    await engine.stop({ graceMs: 1000 });
  }
}

function bareTimer(): Promise<number> {
  const start = performance.now();
  return new Promise((resolve) => {
    setTimeout(() => resolve(performance.now() - start), COALESCE_MS);
  });
}

function specOf(
  scheduler: ReturnType<typeof createToyScheduler>,
  metric: ReturnType<typeof createToyMetric>,
): EngineSpec {
  const bench = { name: "toy", metric, intervalMs: 60_000, timeoutMs: 1000 };
  return {
    capacity: { instances: TASKS * 20 },
    tasks: Array.from({ length: TASKS }, (_, i) =>
      task(`task-${i}`, { use: "simple-queue", length: 50 }),
    ),
    scheduler: {
      name: "toy",
      scheduler: scheduler as never,
      replaces: false,
      intervalMs: 60_000,
      timeoutMs: 1000,
    },
    sources: new Map([["bench", bench]]),
    shutdown: "leave",
  };
}
