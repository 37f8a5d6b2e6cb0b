import { MicroscalingError } from "@microscaling/core";
import type { EngineSpec, TaskSpec } from "@microscaling/engine";
import {
  createEngineController,
  simulate,
  type Jobs,
  type Outcome,
  type SignalSpec,
  type SimulatedTask,
} from "@microscaling/simulator";
import type { Candidate } from "./candidate.ts";
import type { Load, TaskLoad } from "./load.ts";

/** The defaults for values that neither the load nor the config has. */
export const DEFAULTS = { startupSeconds: 3, stopSeconds: 1, withinSeconds: 5 } as const;

/** How often decisions are made if no task has a metric, in milliseconds. */
const TICK_MS = 500;
/** The need at the start is the mean over this many seconds of the load. */
const FIRST_SECONDS = 60;

/** The jobs of each task that has any. */
export type Drawn = ReadonlyMap<string, Jobs>;

/** Draws a load. Every config gets the same jobs for the same seed. */
export function drawLoad({ tasks }: Load, seed: number): Drawn {
  const drawn = new Map<string, Jobs>();
  for (const [index, [name, { arrivals, service }]] of [...tasks].entries())
    if (arrivals !== undefined && service !== undefined)
      // The tasks of one load get different random numbers.
      drawn.set(name, arrivals.draw(service, seed * 1009 + index));
  return drawn;
}

/** How long a load lasts, in seconds. */
export function lengthOf({ seconds }: Load, drawn: Drawn): number {
  return seconds ?? Math.max(0, ...[...drawn.values()].map((jobs) => jobs.seconds));
}

/** One run. */
export interface ScenarioRun {
  readonly outcome: Outcome;
  /** For each task, the wait that its target expected in each second, in seconds; NaN if it did not say. */
  readonly expectedWaits: readonly Float64Array[];
}

/** Which run. */
export interface RunRequest {
  readonly candidate: Candidate;
  readonly load: Load;
  readonly drawn: Drawn;
  readonly seed: number;
  /** Whether every second is kept. */
  readonly timeline: boolean;
}

/**
 * Runs a load under a config: the production decide on the production spec.
 * @throws MicroscalingError `ERR_USAGE` if the load lacks an amount that the config takes from its scheduler
 */
export function runScenario(request: RunRequest): ScenarioRun {
  const { candidate, load, drawn, seed, timeline } = request;
  const { spec } = candidate;
  const seconds = lengthOf(load, drawn);
  const expectedWaits = spec.tasks.map(() => new Float64Array(Math.ceil(seconds)).fill(Number.NaN));
  const controller = createEngineController(
    {
      tasks: spec.tasks,
      capacity: capacityOf(candidate, load),
      ...(spec.sharing === undefined ? {} : { sharing: spec.sharing }),
    },
    {
      ...(load.startMs === undefined ? {} : { startMs: load.startMs }),
      decided(now, decisions) {
        for (const [i, { belief }] of decisions.entries())
          expectedWaits[i]![Math.floor(now)] = belief?.expectedWaitSeconds ?? Number.NaN;
      },
    },
  );
  const outcome = simulate({
    tasks: spec.tasks.map((task) => simulatedTask(task, request)),
    controller,
    tickSeconds: tickMs(spec) / 1000,
    seed,
    seconds,
    timeline,
  });
  return { outcome, expectedWaits };
}

/** How often decisions are made: as often as the metric that is read most often. */
export function tickMs(spec: EngineSpec): number {
  const intervals = spec.tasks.flatMap(({ metric }) => intervalOf(spec, metric?.source) ?? []);
  return intervals.length === 0 ? TICK_MS : Math.min(...intervals);
}

/** How often a source is read, in milliseconds. */
export function intervalOf(spec: EngineSpec, source: string | undefined): number | undefined {
  return source === undefined ? undefined : spec.sources.get(source)?.intervalMs;
}

/** The capacity: the amounts of the config, and the load's amounts for those that the config takes from its scheduler. */
export function capacityOf({ name, spec }: Candidate, load: Load): EngineSpec["capacity"] {
  const measured = spec.measured ?? [];
  const missing = measured.find((resource) => !Object.hasOwn(load.capacity, resource));
  if (missing !== undefined)
    throw new MicroscalingError(
      "ERR_USAGE",
      `${name} takes the amount of ${missing} from its scheduler, which a simulation does not ask; add the amount to ${load.name}`,
      { details: [`capacity: { ${missing}: 8 }`] },
    );
  const amounts = measured.map((resource) => [resource, load.capacity[resource] ?? 0]);
  return { ...spec.capacity, ...Object.fromEntries(amounts) };
}

function simulatedTask(task: TaskSpec, { candidate, load, drawn }: RunRequest): SimulatedTask {
  const taskLoad = load.tasks.get(task.name);
  const jobs = drawn.get(task.name);
  return {
    name: task.name,
    ...(jobs === undefined ? {} : { jobs }),
    plant: {
      startupSeconds: taskLoad?.startupSeconds ?? DEFAULTS.startupSeconds,
      startupJitter: taskLoad?.startupJitter ?? 0,
      startFails: taskLoad?.startFails ?? 0,
      stopSeconds: taskLoad?.stopSeconds ?? DEFAULTS.stopSeconds,
    },
    signal: signalOf(task, candidate, taskLoad),
    withinSeconds: taskLoad?.withinSeconds ?? DEFAULTS.withinSeconds,
    initial: taskLoad?.initial ?? initialOf(task, jobs),
  };
}

/** What the metric of a task shows: as the load says, else as much as the plugin can. */
export function signalOf(
  { metric }: TaskSpec,
  { shows }: Candidate,
  taskLoad: TaskLoad | undefined,
): SignalSpec {
  const able = metric === undefined ? undefined : shows.get(metric.source);
  return { shows: able ?? "length", delaySeconds: 0, loss: 0, ...taskLoad?.signal };
}

/** As many instances as the load needs at its start, because real queues did not begin when the trace did. */
function initialOf({ min, max }: TaskSpec, jobs: Jobs | undefined): number {
  if (jobs === undefined) return min;
  const first = jobs.rate.subarray(0, FIRST_SECONDS);
  const rate = first.reduce((sum, value) => sum + value, 0) / Math.max(1, first.length);
  const work = jobs.work.reduce((sum, value) => sum + value, 0) / Math.max(1, jobs.work.length);
  return Math.min(max, Math.max(min, Math.ceil(rate * work)));
}
