import { createTestClock, type TestClock } from "@microscaling/conformance";
import {
  silentLogger,
  type Counts,
  type Logger,
  type MicroscalingError,
  type Outcome,
  type Scheduler,
} from "@microscaling/core";
import { createToyMetric, type ToyMetric } from "@microscaling/metric-toy";
import { onTestFinished } from "vitest";
import { createEngine, type Engine, type EngineSpec, type TaskSpec } from "../../src/index.ts";
import { createWorld } from "../world.ts";

/** A scheduler whose every answer the test writes, and an engine on it. */
export interface Scripted {
  readonly clock: TestClock;
  readonly metric: ToyMetric;
  readonly engine: Engine;
  /** What `observe` says; tasks that are left out have no instances. */
  readonly counts: Map<string, Counts | MicroscalingError>;
  /** Every `scale` so far, oldest first. */
  readonly asked: { readonly task: string; readonly instances: number }[];
  /** How `scale` ends; accepted and done at once where nothing else is said. */
  answer: (task: string, instances: number, signal: AbortSignal) => Promise<Outcome>;
  /** How `observe` goes; answers with `counts` where nothing else is said. */
  observing: () => Promise<void>;
  readonly lines: string[];
  spec(changes?: Partial<EngineSpec>): EngineSpec;
}

/** Counts of instances that all run. */
export function running(instances: number, more: Partial<Counts> = {}): Counts {
  return { running: instances, starting: 0, stopping: 0, requested: instances, ...more };
}

/** Makes the engine; the test starts it. It is stopped when the test ends. */
export function script(
  tasks: readonly TaskSpec[],
  changes: Partial<EngineSpec> = {},
  { countsEveryMs = 1000, replaces = false } = {},
): Scripted {
  const clock = createTestClock();
  const metric = createToyMetric({ clock });
  const counts: Scripted["counts"] = new Map();
  const asked: Scripted["asked"] = [];
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  const logger: Logger = { ...silentLogger, warn: note, error: note, child: () => logger };
  const scheduler: Scheduler = {
    async observe(all) {
      await self.observing();
      return new Map(all.map(({ name }) => [name, counts.get(name) ?? running(0)]));
    },
    async scale({ name }, instances, signal) {
      asked.push({ task: name, instances });
      return self.answer(name, instances, signal);
    },
    close: async () => {},
  };
  const world = createWorld({ tasks, clock });
  const base = world.spec({
    scheduler: {
      name: "scripted",
      scheduler,
      replaces,
      intervalMs: countsEveryMs,
      timeoutMs: 5000,
    },
    sources: new Map([["toy", { name: "toy", metric, intervalMs: 500, timeoutMs: 2000 }]]),
    ...changes,
  });
  const engine = createEngine(base, { ...world.context, logger });
  onTestFinished(() => void engine.stop({ graceMs: 0 }));
  const self: Scripted = {
    clock,
    metric,
    engine,
    counts,
    asked,
    lines,
    answer: async (task, instances) => {
      counts.set(task, running(instances));
      return { status: "accepted" };
    },
    observing: async () => {},
    spec: (more = {}) => ({ ...base, ...more }),
  };
  return self;
}
