import type { Amounts, Metric, Scheduler } from "@microscaling/core";
import type {
  EngineSpec,
  Fallback,
  HaSpec,
  SharingSpec,
  SourceSpec,
  TargetSpec,
  TaskSpec,
  WindowSpec,
} from "../src/spec.ts";
import type { Random } from "./random.ts";

/** The names that tasks may have: few, so that one that was removed comes back. */
export const NAMES = ["a", "b", "c", "d", "e", "f"] as const;
const SOURCES = ["x", "y"] as const;
const GROUPS = ["media", "batch"] as const;

/** What does not change when a config is read again. */
export interface Setting {
  readonly scheduler: Scheduler;
  readonly metrics: Readonly<Record<(typeof SOURCES)[number], Metric>>;
  readonly replaces: boolean;
  readonly measures: boolean;
  readonly ha: Omit<HaSpec, "holder"> | undefined;
  /** Targets that may be used. */
  readonly targets: readonly TargetSpec["use"][];
  /** The most tasks at a time. */
  readonly mostTasks: number;
}

/** A config, as it could be the first. */
export function drawSpec(random: Random, setting: Setting): EngineSpec {
  const { scheduler, replaces, ha, mostTasks } = setting;
  const capacity = drawCapacity(random);
  const names = NAMES.slice(0, random.int(1, mostTasks));
  const spec: EngineSpec = {
    capacity,
    ...(setting.measures ? { measured: [random.pick(Object.keys(capacity))] } : {}),
    ...(random.chance(0.6) ? { sharing: drawSharing(random, capacity) } : {}),
    tasks: names.map((name) => drawTask(random, name, setting)),
    scheduler: {
      name: "world",
      scheduler,
      replaces,
      intervalMs: random.pick([1000, 2000, 5000, 10_000]),
      timeoutMs: random.pick([1000, 5000, 10_000]),
    },
    sources: drawSources(random, setting),
    shutdown: random.pick(["leave", "drain"]),
    ...(ha === undefined ? {} : { ha: { ...ha, holder: "" } }),
  };
  return fitMinima(spec);
}

/** The config after somebody has changed something. */
export function changeSpec(random: Random, spec: EngineSpec, setting: Setting): EngineSpec {
  let next = spec;
  for (let i = random.int(1, 3); i > 0; i--) next = changeOnce(random, next, setting);
  return fitMinima(next);
}

function changeOnce(random: Random, spec: EngineSpec, setting: Setting): EngineSpec {
  const { tasks } = spec;
  const at = random.int(0, Math.max(0, tasks.length - 1));
  const free = NAMES.filter((name) => tasks.every((task) => task.name !== name));
  switch (random.int(0, 9)) {
    case 0:
    case 1:
      return tasks.length < 2 ? spec : { ...spec, tasks: tasks.filter((_, i) => i !== at) };
    case 2:
    case 3: {
      if (free.length === 0 || tasks.length >= setting.mostTasks) return spec;
      const added = drawTask(random, random.pick(free), setting);
      return { ...spec, tasks: [...tasks.slice(0, at), added, ...tasks.slice(at)] };
    }
    case 4:
    case 5: {
      const drawn = drawTask(random, tasks[at]?.name ?? "a", setting);
      const key = random.pick(["min", "max", "priority", "maxDelta", "uses", "workload"] as const);
      const changed = { ...tasks[at]!, [key]: drawn[key] };
      return withTask(spec, at, { ...changed, max: Math.max(changed.min, changed.max) });
    }
    case 6:
      return withTask(spec, at, drawTask(random, tasks[at]?.name ?? "a", setting));
    case 7: {
      const factor = random.pick([0.5, 0.8, 1.5]);
      const capacity = Object.fromEntries(
        Object.entries(spec.capacity).map(([name, amount]) => [name, Math.ceil(amount * factor)]),
      );
      return { ...spec, capacity };
    }
    case 8: {
      const { sharing: _, ...rest } = spec;
      return random.chance(0.5) ? rest : { ...rest, sharing: drawSharing(random, spec.capacity) };
    }
    default: {
      const timeoutMs = random.pick([1000, 5000, 10_000]);
      const shutdown = random.pick(["leave", "drain"] as const);
      return { ...spec, shutdown, scheduler: { ...spec.scheduler, timeoutMs } };
    }
  }
}

function withTask(spec: EngineSpec, at: number, task: TaskSpec): EngineSpec {
  return { ...spec, tasks: spec.tasks.map((other, i) => (i === at ? task : other)) };
}

function drawCapacity(random: Random): Amounts {
  return {
    ...(random.chance(0.9) ? { instances: random.int(3, 25) } : {}),
    cpu: random.pick([4, 8, 12.5, 16]),
    ...(random.chance(0.3) ? { memory: random.int(1000, 8000) } : {}),
  };
}

function drawSharing(random: Random, capacity: Amounts): SharingSpec {
  const groups = GROUPS.filter(() => random.chance(0.3)).map((group): [string, Amounts] => [
    group,
    { cpu: Math.max(1, Math.floor((capacity["cpu"] ?? 4) * random.between(0.3, 0.9))) },
  ]);
  return {
    share: random.chance(0.7) ? "fair" : "ordered",
    minIsGuarantee: random.chance(0.5),
    protectYoung: random.chance(0.5),
    maxTakenShare: random.pick([0.1, 0.25, 1]),
    groups: new Map(groups),
  };
}

function drawTask(random: Random, name: string, setting: Setting): TaskSpec {
  const target = drawTarget(random, random.pick(setting.targets));
  const reads = target.use !== "remainder" && target.use !== "fixed";
  const min = random.chance(0.6) ? 0 : random.int(1, 3);
  return {
    name,
    priority: random.chance(0.05) ? 0 : random.int(1, 3),
    min,
    max: min + random.int(1, 12),
    maxDelta: random.chance(0.6) ? 100 : random.int(1, 4),
    ...(random.chance(0.1) ? { schedule: [drawWindow(random, min)] } : {}),
    ...(random.chance(0.3) ? { weight: random.pick([0.5, 2, 3]) } : {}),
    ...(random.chance(0.3) ? { group: random.pick(GROUPS) } : {}),
    uses: {
      cpu: random.pick([0, 0.1, 0.5, 1, 2]),
      ...(random.chance(0.5) ? { memory: random.pick([128, 256.5, 700]) } : {}),
    },
    target,
    ...(reads
      ? {
          metric: {
            source: random.pick(SOURCES),
            query: { queue: random.int(1, 2) },
            maxAgeMs: random.pick([15_000, 30_000, 60_000]),
            failures: random.int(1, 4),
            fallback: drawFallback(random),
          },
        }
      : {}),
    workload: { image: random.int(1, 2) },
  };
}

function drawFallback(random: Random): Fallback {
  if (random.chance(0.7)) return "hold";
  return random.chance(0.5) ? { instances: random.int(0, 3) } : { atLeast: random.int(1, 3) };
}

function drawWindow(random: Random, min: number): WindowSpec {
  return {
    start: random.pick(["*/10 * * * *", "5 * * * *", "0 3 * * *"]),
    durationMs: random.pick([60_000, 240_000, 3_600_000]),
    timeZone: random.pick(["UTC", "Europe/Berlin"]),
    min: min + random.int(0, 2),
    max: min + random.int(2, 14),
  };
}

function drawTarget(random: Random, use: TargetSpec["use"]): TargetSpec {
  switch (use) {
    case "latency":
      return {
        use,
        withinMs: random.pick([2000, 10_000, 60_000]),
        changesPerMinute: random.pick([1, 6, 60]),
        ...(random.chance(0.3) ? { serviceMs: random.int(100, 3000) } : {}),
        ...(random.chance(0.3) ? { startupMs: random.int(100, 10_000) } : {}),
      };
    case "queue": {
      const pid = { kP: random.pick([0.04, 0.2]), kI: random.pick([0, 0.01]), kD: 1.25 };
      const gains = random.chance(0.4) ? ({ gains: "auto" } as const) : {};
      const velocitySamples = random.pick([1, 3]);
      return { use, length: random.int(3, 50), ...pid, ...gains, velocitySamples };
    }
    case "simple-queue":
      return { use, length: random.int(1, 50) };
    case "fixed":
      return { use, instances: random.int(0, 8) };
    case "remainder":
    case "drain":
      return { use: "remainder" };
    default:
      return use satisfies never;
  }
}

function drawSources(random: Random, { metrics }: Setting): ReadonlyMap<string, SourceSpec> {
  const source = (name: (typeof SOURCES)[number]): [string, SourceSpec] => {
    const intervalMs = random.pick([500, 1000, 2000, 5000, 5000, 10_000, 10_000]);
    const timeoutMs = random.pick([500, 2000, 5000]);
    return [name, { name, metric: metrics[name], intervalMs, timeoutMs }];
  };
  return new Map(SOURCES.map(source));
}

/** The agent refuses a config whose minima do not fit; so this has none of them. */
function fitMinima(spec: EngineSpec): EngineSpec {
  const lacks = (tasks: readonly TaskSpec[]): boolean =>
    Object.entries(spec.capacity).some(([resource, amount]) => {
      const uses = (task: TaskSpec): number =>
        task.min * (resource === "instances" ? 1 : (task.uses[resource] ?? 0));
      return tasks.reduce((sum, task) => sum + uses(task), 0) > amount;
    });
  let { tasks } = spec;
  for (let i = 0; i < tasks.length && lacks(tasks); i++)
    tasks = tasks.map((task, k) => (k === i ? { ...task, min: 0 } : task));
  return { ...spec, tasks };
}
