import type { Jobs } from "./jobs.ts";
import { measure, NOTHING_BEFORE, type Before, type TaskOutcome } from "./measure.ts";
import { openPlant, type Plant, type PlantSpec } from "./plant.ts";
import { seeded } from "./random.ts";
import { createSensor, type Seen, type SignalSpec } from "./sensor.ts";

/** One task to simulate. */
export interface SimulatedTask {
  readonly name: string;
  /** Absent if the task has no queue and its instances always work. */
  readonly jobs?: Jobs;
  readonly plant: PlantSpec;
  readonly signal: SignalSpec;
  /** The longest wait that is not late, in seconds. */
  readonly withinSeconds: number;
  /** The number of working instances at time 0. */
  readonly initial: number;
}

/** What a controller sees of one task. */
export interface View {
  /** The time, in seconds from the start. */
  readonly now: number;
  /** The newest reading; absent if it was lost. */
  readonly reading: Seen | undefined;
  readonly running: number;
  readonly starting: number;
  readonly stopping: number;
  /** How many instances there will be when the changes in progress have settled. */
  readonly requested: number;
}

/** Decides at every tick how many instances each task should have. Create one for each run, because it may remember. */
export interface Controller {
  /** Receives one view for each task, in order. Returns as many whole numbers ≥ 0. */
  decide(views: readonly View[]): ArrayLike<number>;
}

/** One run. */
export interface Run {
  readonly tasks: readonly SimulatedTask[];
  readonly controller: Controller;
  /** The time between two calls of the controller, in seconds, > 0. */
  readonly tickSeconds: number;
  /** The same seed gives the same run. */
  readonly seed: number;
  /** The length of the run, in seconds. Default: the longest load. */
  readonly seconds?: number;
  /** The figures count from this time, in seconds, so that the controller can learn first. Default: 0. */
  readonly countFrom?: number;
  /** Whether to keep every second, for charts. */
  readonly timeline?: boolean;
}

/** The result of a run. */
export interface Outcome {
  /** The results of the tasks, in the order of the run's tasks. */
  readonly tasks: readonly TaskOutcome[];
  readonly seconds: number;
  /** The number of events: arrivals, completions, starts and departures. */
  readonly events: number;
}

/** Every second of one task. */
export interface Timeline {
  readonly waiting: Float64Array;
  readonly oldestWait: Float64Array;
  readonly running: Float64Array;
  /** The number of starting, running and stopping instances. */
  readonly ordered: Float64Array;
}

/**
 * Runs a load against a controller. Jobs that still wait at the end count with their wait so far.
 * @throws RangeError if Little's law does not hold, which is a bug in the simulator
 */
export function simulate(run: Run): Outcome {
  const { tasks, controller, tickSeconds, seed, countFrom = 0 } = run;
  const seconds = run.seconds ?? Math.max(...tasks.map(({ jobs }) => jobs?.seconds ?? 0));
  const each = tasks.map((task) => {
    const jobs = task.jobs ?? noJobs(seconds);
    const plant = openPlant(task.plant, jobs, task.initial, seeded(seed, `plant ${task.name}`));
    const sensor = createSensor(task.signal, plant, seeded(seed, `signal ${task.name}`));
    return { task, jobs, plant, sensor, changes: 0, timeline: emptyTimeline(seconds) };
  });
  let before: { readonly at: number; readonly each: readonly Before[] } | undefined;
  let second = 0;
  for (let tick = 0; tick * tickSeconds < seconds; tick++) {
    const now = tick * tickSeconds;
    for (; second <= now; second++) for (const one of each) sample(one.plant, one.timeline, second);
    for (const { plant } of each) plant.advance(now);
    if (before === undefined && countFrom > 0 && now >= countFrom)
      before = { at: now, each: each.map(({ plant, changes }) => ({ ...plant.tally(), changes })) };
    const views = each.map(({ plant, sensor }) => viewOf(plant, sensor.read(now), now));
    const wanted = controller.decide(views);
    for (const [i, one] of each.entries()) {
      if (wanted[i] !== one.plant.requested()) one.changes++;
      one.plant.ask(wanted[i]!);
    }
  }
  for (; second < seconds; second++)
    for (const one of each) sample(one.plant, one.timeline, second);
  for (const { plant } of each) plant.advance(seconds);
  const outcomes = each.map(({ task, jobs, plant, timeline, changes }, i) =>
    measure({
      task,
      jobs,
      tally: plant.tally(),
      timeline,
      changes,
      seconds,
      from: before?.at ?? 0,
      before: before?.each[i] ?? NOTHING_BEFORE,
      keep: run.timeline === true,
    }),
  );
  return {
    tasks: outcomes,
    seconds,
    events: outcomes.reduce((sum, { events }) => sum + events, 0),
  };
}

function viewOf(plant: Plant, reading: Seen | undefined, now: number): View {
  return {
    now,
    reading,
    running: plant.running(),
    starting: plant.starting(),
    stopping: plant.stopping(),
    requested: plant.requested(),
  };
}

function noJobs(seconds: number): Jobs {
  const none = new Float64Array(0);
  return { at: none, work: none, seconds, rate: new Float64Array(Math.ceil(seconds)) };
}

function emptyTimeline(seconds: number): Timeline {
  const column = (): Float64Array => new Float64Array(Math.ceil(seconds));
  return { waiting: column(), oldestWait: column(), running: column(), ordered: column() };
}

function sample(plant: Plant, timeline: Timeline, second: number): void {
  plant.advance(second);
  timeline.waiting[second] = plant.waiting();
  timeline.oldestWait[second] = plant.oldestWait();
  const working = plant.running() + plant.stopping();
  timeline.running[second] = working;
  timeline.ordered[second] = working + plant.starting();
}
