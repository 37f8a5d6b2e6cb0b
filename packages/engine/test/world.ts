import { createTestClock, type TestClock } from "@microscaling/conformance";
import {
  silentLogger,
  type Amounts,
  type Lease,
  type Metric,
  type Scheduler,
} from "@microscaling/core";
import { createToyMetric, type ToyMetric } from "@microscaling/metric-toy";
import { createToyScheduler, type ToyScheduler } from "@microscaling/scheduler-toy";
import {
  createEngine,
  type Engine,
  type EngineContext,
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
  const reads = target.use !== "remainder" && target.use !== "fixed";
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
  /** How often counts are asked for. */
  readonly countsEveryMs?: number;
  /** Whether the scheduler tells of changes by itself. */
  readonly pushes?: boolean;
  readonly clock?: TestClock;
  /** As if the toy scheduler declared it. */
  readonly replaces?: boolean;
  /** The lease that the agent shares, and its name in it. It lasts 3 s. */
  readonly ha?: { readonly lease: Lease; readonly holder: string };
  /** A world whose scheduler, metric and clock this one has too: the agent restarts, they do not, or it is a second one. */
  readonly after?: World;
  /** More sources than `toy`. */
  readonly sources?: Readonly<Record<string, Metric>>;
}

/** An engine on a test clock, with a toy scheduler and a toy metric under it. */
export interface World {
  readonly clock: TestClock;
  readonly context: EngineContext;
  readonly scheduler: ToyScheduler;
  readonly metric: ToyMetric;
  readonly engine: Engine;
  spec(changes?: Partial<EngineSpec>): EngineSpec;
  /** The counts that this agent asked the scheduler for, in order. */
  asked(task: string): number[];
  /** The names of what limits a task now. */
  limits(task: string): string[];
}

function sourceOf(toy: Metric): SourceSpec {
  return { name: "toy", metric: toy, intervalMs: 500, timeoutMs: 2000 };
}

/** Makes a world; the test starts the engine. */
export function createWorld(settings: WorldSettings): World {
  const { startDelayMs = 0, stopDelayMs = 0, after, ha } = settings;
  const clock = after?.clock ?? settings.clock ?? createTestClock();
  const scheduler = after?.scheduler ?? createToyScheduler({ clock, startDelayMs, stopDelayMs });
  const metric = after?.metric ?? createToyMetric({ clock });
  const asks: { task: string; instances: number }[] = [];
  const asked: Scheduler = {
    ...(scheduler as Scheduler),
    // Tests may put another one in its place later on.
    observe: (tasks, signal) => (scheduler as Scheduler).observe(tasks, signal),
    scale(task, instances, signal) {
      asks.push({ task: task.name, instances });
      return (scheduler as Scheduler).scale(task, instances, signal);
    },
    ...(settings.pushes === false ? { watch: () => new Promise(() => {}) } : {}),
    ...(ha === undefined ? {} : { lease: () => ha.lease }),
  };
  const others = Object.entries(settings.sources ?? {}).map(
    ([name, other]) => [name, sourceOf(other)] as const,
  );
  const base: EngineSpec = {
    capacity: settings.capacity ?? { instances: 10 },
    tasks: settings.tasks,
    scheduler: {
      name: "toy",
      scheduler: asked,
      replaces: settings.replaces ?? false,
      intervalMs: settings.countsEveryMs ?? 1000,
      timeoutMs: 5000,
    },
    sources: new Map([["toy", sourceOf(metric)], ...others]),
    shutdown: settings.shutdown ?? "leave",
    ...(ha === undefined ? {} : { ha: { lease: "main", holder: ha.holder, durationMs: 3000 } }),
  };
  const context: EngineContext = {
    clock,
    logger: silentLogger,
    monitors: [],
    random: () => 0.5,
    dryRun: settings.dryRun ?? false,
  };
  const engine = createEngine(base, context);
  return {
    clock,
    context,
    scheduler,
    metric,
    engine,
    spec: (changes = {}) => ({ ...base, ...changes }),
    asked: (task) => asks.filter((ask) => ask.task === task).map((ask) => ask.instances),
    limits: (task) =>
      engine
        .state()
        .record?.decisions.find((decision) => decision.task === task)
        ?.limits.map((limit) => limit.by) ?? [],
  };
}
