import { MicroscalingError } from "@microscaling/core";
import {
  cutJobs,
  findObstacle,
  meanScores,
  meets,
  search,
  type Jobs,
  type Objective,
  type Obstacle,
  type Outcome,
  type Point,
  type Scores,
} from "@microscaling/simulator";
import type { Candidate } from "./candidate.ts";
import type { Load } from "./load.ts";
import { capacityOf, DEFAULTS, drawLoad, lengthOf, runScenario, type Drawn } from "./scenario.ts";
import { tunableOf, type Tunable } from "./tunable.ts";

/** The fraction of the load to search on. The rest is held out. */
const TRAINING = 0.7;
/** The number of runs on the held-out part. */
const HELD_OUT_RUNS = 5;
/** The needed instances are a mean over this many seconds. */
const NEED_SECONDS = 60;
/** Bursts are not all alike. */
const SPARE = 1.5;

/** One set of numbers. */
export interface Tuned {
  /** The YAML for the config. */
  readonly yaml: string;
  /** The same on one line, for people. */
  readonly setting: string;
  /** The scores on the searched part of the load and on the held-out part. */
  readonly training: Scores;
  readonly heldOut: Scores;
}

/** The result of the tuning. */
export interface Tuning {
  readonly best: Tuned;
  /** The current config. */
  readonly start: Tuned;
  readonly front: readonly Tuned[];
  readonly tried: number;
  readonly trainingSeconds: number;
  readonly seconds: number;
  /** Whether the best setting meets the objective on both parts. */
  readonly meets: boolean;
  /** Why some jobs are late, whatever is decided, by task. */
  readonly obstacles: ReadonlyMap<string, Obstacle>;
}

/** What to tune, and for what. */
export interface TuningRequest {
  readonly candidate: Candidate;
  readonly load: Load;
  readonly objective: Objective;
  readonly seed: number;
  /** Called after every run with the number of runs so far, because a long load takes minutes. */
  readonly ran: (runs: number) => void;
}

/**
 * Searches a config's numbers on the first part of a load and tries them on the rest.
 * @throws MicroscalingError `ERR_USAGE` if there is nothing to tune
 */
export function tune({ candidate, load, objective, seed, ran }: TuningRequest): Tuning {
  const drawn = drawLoad(load, seed);
  const seconds = Math.floor(lengthOf(load, drawn));
  const trainingSeconds = Math.floor(TRAINING * seconds);
  const capacity = capacityOf(candidate, load);
  const obstacles = obstaclesOf({ candidate, load, drawn, capacity });
  const tunable = tunableOf(candidate.spec, capacity, needsOf(drawn, obstacles));
  if (tunable.tasks.length === 0)
    throw new MicroscalingError(
      "ERR_USAGE",
      `${candidate.name} has nothing to tune: no task has both a metric and arrivals in ${load.name}`,
    );
  const part = createPart({ candidate, load, tunable });
  const training = part(0, trainingSeconds);
  const heldOut = part(trainingSeconds, seconds);
  const { parameters, start, allows } = tunable;
  let runs = 0;
  const evaluate = (point: Point, of: number): Scores => {
    const scores = training(point, of);
    ran(++runs);
    return scores;
  };
  const found = search({ parameters, start, allows, evaluate, objective, seed });
  const describe = (trial: { readonly point: Point; readonly scores: Scores }): Tuned => ({
    yaml: tunable.yaml(trial.point),
    setting: tunable.describe(trial.point),
    training: trial.scores,
    heldOut: meanScores(
      Array.from({ length: HELD_OUT_RUNS }, (_, i) => heldOut(trial.point, seed + i)),
    ),
  });
  const best = describe(found.best);
  return {
    best,
    start: describe(found.start),
    front: found.front.map(describe),
    tried: found.tried,
    trainingSeconds,
    seconds,
    meets: meets(objective, best.training) && meets(objective, best.heldOut),
    obstacles,
  };
}

interface Around {
  readonly candidate: Candidate;
  readonly load: Load;
  readonly tunable: Tunable;
}

/** Runs points on a part of the load. A part is drawn once for each seed. */
function createPart({ candidate, load, tunable }: Around) {
  return (from: number, to: number): ((point: Point, seed: number) => Scores) => {
    const draws = new Map<number, Drawn>();
    const draw = (seed: number): Drawn => {
      const whole = drawLoad(load, seed);
      return new Map([...whole].map(([name, jobs]) => [name, cutJobs(jobs, from, to)]));
    };
    const { startMs } = load;
    const part: Load = {
      ...load,
      seconds: to - from,
      ...(startMs === undefined ? {} : { startMs: startMs + 1000 * from }),
    };
    return (point, seed) => {
      const drawn = draws.get(seed) ?? draw(seed);
      draws.set(seed, drawn);
      const changed = { ...candidate, spec: tunable.apply(point) };
      const request = { candidate: changed, load: part, drawn, seed, timeline: false };
      return scoresOf(runScenario(request).outcome, tunable.tasks);
    };
  };
}

/** The waits, changes and starts of the worst task, and `paid` of all tasks together. */
function scoresOf({ tasks }: Outcome, names: readonly string[]): Scores {
  const tuned = tasks.filter(({ name }) => names.includes(name));
  const most = (read: (task: (typeof tuned)[number]) => number): number =>
    Math.max(...tuned.map(read));
  const sum = (read: (task: (typeof tuned)[number]) => number): number =>
    tuned.reduce((all, task) => all + read(task), 0);
  const work = sum(({ workSeconds }) => workSeconds);
  return {
    late: most(({ late }) => late),
    p95: most(({ wait }) => wait.p95),
    p99: most(({ wait }) => wait.p99),
    paid: sum(({ orderedSeconds }) => orderedSeconds) / work,
    ready: sum(({ readySeconds }) => readySeconds) / work,
    changes: most(({ changesPerMinute }) => changesPerMinute),
    starts: most(({ startedPerMinute }) => startedPerMinute),
  };
}

/** How many instances are useful for each task as a minimum: for the mean of its peak, or before a burst. */
function needsOf(drawn: Drawn, obstacles: ReadonlyMap<string, Obstacle>): Map<string, number> {
  const needs = [...drawn].map(([name, jobs]) => {
    const before = Math.ceil(SPARE * (obstacles.get(name)?.needed ?? 0));
    return [name, Math.max(peakOf(jobs), before)] as const;
  });
  return new Map(needs);
}

function peakOf({ at, work, seconds }: Jobs): number {
  const bins = new Float64Array(Math.max(1, Math.ceil(seconds / NEED_SECONDS)));
  for (const [job, time] of at.entries()) {
    const bin = Math.min(bins.length - 1, Math.floor(time / NEED_SECONDS));
    bins[bin] = bins[bin]! + work[job]!;
  }
  return Math.ceil(Math.max(...bins) / NEED_SECONDS);
}

interface ObstacleQuestion {
  readonly candidate: Candidate;
  readonly load: Load;
  readonly drawn: Drawn;
  readonly capacity: Candidate["spec"]["capacity"];
}

function obstaclesOf(question: ObstacleQuestion): Map<string, Obstacle> {
  const { candidate, load, drawn, capacity } = question;
  const obstacles = new Map<string, Obstacle>();
  for (const { name, metric, max, uses } of candidate.spec.tasks) {
    const jobs = drawn.get(name);
    if (jobs === undefined || metric === undefined) continue;
    const taskLoad = load.tasks.get(name);
    const room = Object.entries(capacity).map(([resource, amount]) =>
      Math.floor(amount / (uses[resource] ?? 0) + 1e-9),
    );
    const obstacle = findObstacle({
      jobs,
      most: Math.min(max, ...room),
      startupSeconds: taskLoad?.startupSeconds ?? DEFAULTS.startupSeconds,
      withinSeconds: taskLoad?.withinSeconds ?? DEFAULTS.withinSeconds,
    });
    if (obstacle !== undefined) obstacles.set(name, obstacle);
  }
  return obstacles;
}
