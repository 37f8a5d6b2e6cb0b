import type { EngineSpec, TargetSpec, TaskSpec } from "@microscaling/engine";
import type { Parameter, Point } from "@microscaling/simulator";
import { stringify } from "yaml";

/** The parts of a config that a search may change: `min` and the target's numbers, of tasks that have both a metric and a load. */
export interface Tunable {
  readonly parameters: readonly Parameter[];
  /** The current values. */
  readonly start: Point;
  /** The tasks that the search may change. */
  readonly tasks: readonly string[];
  /** Returns the config with other numbers. */
  readonly apply: (point: Point) => EngineSpec;
  /** Whether the minima fit into the capacity. */
  readonly allows: (point: Point) => boolean;
  /** The YAML for the config. */
  readonly yaml: (point: Point) => string;
  /** The same on one line, for people. */
  readonly describe: (point: Point) => string;
}

/** One number of a target, as the config calls it. */
interface Knob {
  readonly parameter: Omit<Parameter, "name">;
  readonly value: number;
}

/**
 * Finds what can be tuned.
 * @param need the most instances that are of any use to each task as a minimum
 */
export function tunableOf(
  spec: EngineSpec,
  capacity: EngineSpec["capacity"],
  need: ReadonlyMap<string, number>,
): Tunable {
  const tasks = spec.tasks.filter(
    ({ name, metric, priority }) => metric !== undefined && priority > 0 && need.has(name),
  );
  const knobs = tasks.flatMap((task) => {
    const most = Math.min(task.max, Math.max(task.min, need.get(task.name) ?? 0));
    const min: Knob = {
      parameter: { from: 0, to: most, scale: "linear", whole: true },
      value: task.min,
    };
    return Object.entries({ min, ...targetKnobs(task.target) }).map(
      ([key, { parameter, value }]) => ({ task: task.name, key, parameter, value }),
    );
  });
  const names = tasks.map(({ name }) => name);
  const apply = (point: Point): EngineSpec => {
    const values = new Map(knobs.map(({ task, key }, i) => [`${task} ${key}`, point[i]!]));
    const changed = spec.tasks.map((task) => (tasks.includes(task) ? turn(task, values) : task));
    return { ...spec, tasks: changed };
  };
  return {
    parameters: knobs.map(({ task, key, parameter }) => ({ name: `${task} ${key}`, ...parameter })),
    start: knobs.map(({ value }) => value),
    tasks: names,
    apply,
    allows: (point) => fits(apply(point), capacity),
    yaml: (point) => write(apply(point).tasks.filter(({ name }) => names.includes(name))),
    describe: (point) =>
      names
        .map((name) => {
          const own = knobs.flatMap(({ task, key }, i) =>
            task === name ? [`${key} ${key === "within" ? writeMs(point[i]!) : point[i]!}`] : [],
          );
          return `${name}: ${own.join(", ")}`;
        })
        .join("; "),
  };
}

const log = (value: number, from: number, to: number): Knob => ({
  parameter: { from, to, scale: "log" },
  value,
});

function targetKnobs(target: TargetSpec): Record<string, Knob> {
  if (target.use === "latency") {
    const { withinMs, changesPerMinute } = target;
    return {
      within: log(withinMs, withinMs / 5, 2 * withinMs),
      changesPerMinute: log(changesPerMinute, 1, 60),
    };
  }
  if (target.use === "simple-queue") return { length: log(target.length, 1, 10 * target.length) };
  if (target.use !== "queue") return {};
  const length = log(target.length, 1, 10 * target.length);
  // With `gains: auto`, the target sets the gains itself.
  if (target.gains === "auto") return { length };
  return { length, kP: log(target.kP, 0.001, 1), kD: log(target.kD, 0.01, 10) };
}

function turn(task: TaskSpec, values: ReadonlyMap<string, number>): TaskSpec {
  const value = (key: string): number => values.get(`${task.name} ${key}`)!;
  const target = turnTarget(task.target, value);
  return { ...task, min: value("min"), target };
}

function turnTarget(target: TargetSpec, value: (key: string) => number): TargetSpec {
  if (target.use === "latency")
    return { ...target, withinMs: value("within"), changesPerMinute: value("changesPerMinute") };
  if (target.use === "simple-queue") return { ...target, length: value("length") };
  if (target.use !== "queue") return target;
  if (target.gains === "auto") return { ...target, length: value("length") };
  return { ...target, length: value("length"), kP: value("kP"), kD: value("kD") };
}

function fits({ tasks }: EngineSpec, capacity: EngineSpec["capacity"]): boolean {
  return Object.entries(capacity).every(([resource, amount]) => {
    const used = tasks.reduce((sum, { min, uses }) => sum + min * (uses[resource] ?? 0), 0);
    return used <= amount + 1e-9;
  });
}

function write(tasks: readonly TaskSpec[]): string {
  const written = tasks.map(({ name, min, target }) => [
    name,
    { instances: { min }, target: writeTarget(target) },
  ]);
  return stringify({ tasks: Object.fromEntries(written) });
}

/** The target with the keys of a config. */
function writeTarget(target: TargetSpec): object {
  if (target.use === "simple-queue") return { use: target.use, length: target.length };
  if (target.use === "queue") {
    const { keepsOne: _, ...written } = target;
    const { use, length, gains } = target;
    return gains === "auto" ? { use, length, gains } : written;
  }
  if (target.use !== "latency") return target;
  const { use, withinMs, serviceMs, startupMs, startCostMs, changesPerMinute } = target;
  const { concurrency, forecast } = target;
  return {
    use,
    within: writeMs(withinMs),
    changesPerMinute,
    ...(forecast === undefined ? {} : { forecast }),
    ...(serviceMs === undefined ? {} : { serviceTime: writeMs(serviceMs) }),
    ...(startupMs === undefined ? {} : { startupTime: writeMs(startupMs) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(startCostMs === undefined ? {} : { startCost: writeMs(startCostMs) }),
  };
}

/** Writes a duration for a config, without loss of digits. */
function writeMs(ms: number): string {
  return ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`;
}
