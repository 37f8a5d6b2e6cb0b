import { createTestClock, type TestClock } from "@microscaling/conformance";
import { MicroscalingError, silentLogger, type Decision, type Scheduler } from "@microscaling/core";
import {
  createEngine,
  type Engine,
  type EngineSpec,
  type Recorder,
  type TargetSpec,
  type TaskSpec,
} from "@microscaling/engine";
import { createToyMetric, type ToyMetric } from "@microscaling/metric-toy";
import { createToyScheduler, type ToyScheduler } from "@microscaling/scheduler-toy";
import { createRecordWriter } from "../src/record.ts";

/** A task that reads nothing. */
function bare(name: string, settings: Partial<TaskSpec>): TaskSpec {
  return {
    name,
    priority: 1,
    min: 0,
    max: 20,
    maxDelta: 20,
    uses: { cpu: 0.3 },
    target: { use: "remainder" },
    workload: { env: { PASSWORD: "workload-secret" } },
    ...settings,
  };
}

/** A task that reads the source `toy`. */
function task(name: string, target: TargetSpec, settings: Partial<TaskSpec> = {}): TaskSpec {
  const metric = {
    source: "toy",
    query: { url: "query-secret" },
    maxAgeMs: 10_000,
    failures: 3,
    fallback: { atLeast: 2 },
  };
  return bare(name, { target, metric, ...settings });
}

const QUEUE = {
  use: "queue",
  length: 20,
  kP: 0.04,
  kI: 0.001,
  kD: 1.25,
  velocitySamples: 3,
} as const;

/** Every kind of target, two priorities, weights, and bounds that change while it runs. */
export const TASKS: readonly TaskSpec[] = [
  task(
    "mails",
    { use: "latency", withinMs: 5000, changesPerMinute: 8 },
    { schedule: [{ start: "*/2 * * * *", durationMs: 60_000, timeZone: "UTC", min: 2 }] },
  ),
  task("orders", QUEUE, { weight: 2, group: "all" }),
  task("images", { ...QUEUE, gains: "auto" }),
  task("audits", { use: "simple-queue", length: 10 }),
  bare("batch", { priority: 2, min: 1 }),
];

/** A real engine on a test clock that is recorded. */
export interface RecordedWorld {
  readonly clock: TestClock;
  readonly engine: Engine;
  readonly metric: ToyMetric;
  readonly scheduler: ToyScheduler;
  readonly spec: EngineSpec;
  /** The lines of the record so far. */
  readonly lines: string[];
  /** What the engine decided, turn by turn. */
  readonly live: (readonly Decision[])[];
  /** What the scheduler says there is, or why it does not. */
  capacity: number | Error;
}

/** Makes it; the test starts the engine, on a clock that stands still without it. */
export function createRecordedWorld(): RecordedWorld {
  const clock = createTestClock();
  const metric = createToyMetric({ clock });
  const scheduler = createToyScheduler({ clock, startDelayMs: 2000, stopDelayMs: 500 });
  const measuring: Scheduler = {
    ...(scheduler as Scheduler),
    capacity: async () => {
      if (world.capacity instanceof Error) throw world.capacity;
      return await Promise.resolve({ cpu: world.capacity });
    },
  };
  const spec: EngineSpec = {
    capacity: { instances: 40, cpu: 0 },
    measured: ["cpu"],
    sharing: {
      share: "fair",
      minIsGuarantee: true,
      protectYoung: true,
      maxTakenShare: 0.5,
      groups: new Map([["all", { cpu: 5 }]]),
    },
    tasks: TASKS,
    scheduler: {
      name: "toy",
      scheduler: measuring,
      replaces: false,
      intervalMs: 1000,
      timeoutMs: 5000,
    },
    sources: new Map([["toy", { name: "toy", metric, intervalMs: 500, timeoutMs: 2000 }]]),
    shutdown: "leave",
  };
  const lines: string[] = [];
  const live: (readonly Decision[])[] = [];
  const writer = createRecordWriter({ write: (line) => lines.push(line), hide: (line) => line });
  const recorder: Recorder = {
    opened: (opened, continues) => writer.opened(opened, continues),
    decided(turn) {
      live.push(structuredClone(turn.decisions));
      writer.decided(turn);
    },
  };
  const engine = createEngine(spec, {
    clock,
    logger: silentLogger,
    monitors: [],
    random: () => 0.5,
    dryRun: false,
    recorder,
  });
  const down = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");
  const world: RecordedWorld = {
    clock,
    engine,
    metric,
    scheduler,
    spec,
    lines,
    live,
    capacity: down,
  };
  return world;
}
