import { createTestClock, type TestClock } from "@microscaling/conformance";
import { silentLogger, type Amounts, type Metric, type Scheduler } from "@microscaling/core";
import { createToyMetric, type ToyMetric } from "@microscaling/metric-toy";
import { createToyScheduler, type ToyScheduler } from "@microscaling/scheduler-toy";
import {
  createEngine,
  type Engine,
  type EngineSpec,
  type SourceSpec,
  type TargetSpec,
  type TaskSpec,
} from "../src/index.ts";

/** A task with the usual settings; `target` decides whether it reads the source `toy`. */
export function taskSpec(
  name: string,
  target: TargetSpec,
  settings: Partial<TaskSpec> = {},
): TaskSpec {
  const reads = target.use === "queue" || target.use === "simple-queue";
  const metric = {
    source: "toy",
    query: {},
    maxAgeMs: 10_000,
    failures: 3,
    fallback: "hold",
  } as const;
  return {
    name,
    priority: 1,
    min: 0,
    max: 10,
    maxDelta: 10,
    uses: {},
    target,
    workload: {},
    ...(reads ? { metric } : {}),
    ...settings,
  };
}

/** A queue target with the original's gains. */
export function queue(length: number): TargetSpec {
  return { use: "queue", length, kP: 0.04, kI: 0, kD: 1.25, velocitySamples: 1 };
}

/** Stops the engine while the time goes on. */
export async function stop({ engine, clock }: World, graceMs = 1000): Promise<void> {
  const stopped = engine.stop({ graceMs });
  await clock.advance(graceMs);
  await stopped;
}

/** What a test may choose. */
export interface WorldSettings {
  readonly tasks: readonly TaskSpec[];
  readonly capacity?: Amounts;
  readonly shutdown?: "leave" | "drain";
  readonly startDelayMs?: number;
  readonly stopDelayMs?: number;
  readonly dryRun?: boolean;
  /** As if the toy scheduler declared it. */
  readonly replaces?: boolean;
  /** A world whose scheduler, metric and clock this one takes over: the agent restarts, they do not. */
  readonly after?: World;
  /** More sources than `toy`. */
  readonly sources?: Readonly<Record<string, Metric>>;
}

/** An engine on a test clock, with a toy scheduler and a toy metric under it. */
export interface World {
  readonly clock: TestClock;
  readonly scheduler: ToyScheduler;
  readonly metric: ToyMetric;
  readonly engine: Engine;
  spec(changes?: Partial<EngineSpec>): EngineSpec;
  /** The counts that the scheduler was asked for, in order. */
  asked(task: string): number[];
  /** The names of what limits a task now. */
  limits(task: string): string[];
}

function sourceOf(toy: Metric): SourceSpec {
  return { name: "toy", metric: toy, intervalMs: 500, timeoutMs: 2000 };
}

/** Makes a world; the test starts the engine. */
export function createWorld(settings: WorldSettings): World {
  const { startDelayMs = 0, stopDelayMs = 0, after } = settings;
  const clock = after?.clock ?? createTestClock();
  const scheduler = after?.scheduler ?? createToyScheduler({ clock, startDelayMs, stopDelayMs });
  const metric = after?.metric ?? createToyMetric({ clock });
  const others = Object.entries(settings.sources ?? {}).map(
    ([name, other]) => [name, sourceOf(other)] as const,
  );
  const base: EngineSpec = {
    capacity: settings.capacity ?? { instances: 10 },
    tasks: settings.tasks,
    scheduler: {
      name: "toy",
      scheduler: scheduler as Scheduler,
      replaces: settings.replaces ?? false,
      intervalMs: 1000,
      timeoutMs: 5000,
    },
    sources: new Map([["toy", sourceOf(metric)], ...others]),
    shutdown: settings.shutdown ?? "leave",
  };
  const engine = createEngine(base, {
    clock,
    logger: silentLogger,
    monitors: [],
    random: () => 0.5,
    dryRun: settings.dryRun ?? false,
  });
  return {
    clock,
    scheduler,
    metric,
    engine,
    spec: (changes = {}) => ({ ...base, ...changes }),
    asked: (task) =>
      scheduler.calls.flatMap((call) =>
        call.method === "scale" && call.task === task ? [call.instances ?? -1] : [],
      ),
    limits: (task) =>
      engine
        .state()
        .record?.decisions.find((decision) => decision.task === task)
        ?.limits.map((limit) => limit.by) ?? [],
  };
}
