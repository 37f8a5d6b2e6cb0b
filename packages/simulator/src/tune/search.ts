import { seeded, type Random } from "../random.ts";
import { compareScores, type Objective, type Scores } from "./objective.ts";

/** One number that the search may change. */
export interface Parameter {
  readonly name: string;
  /** The range. 0 < from ≤ to on a logarithmic scale. */
  readonly from: number;
  readonly to: number;
  /** Whether equal steps multiply (`log`) or add (`linear`). */
  readonly scale: "log" | "linear";
  /** Whether only whole numbers are allowed. */
  readonly whole?: boolean;
}

/** One value for each parameter, in order. */
export type Point = readonly number[];

/** A point and its mean scores. */
export interface Trial {
  readonly point: Point;
  readonly scores: Scores;
  /** The number of runs in the mean. */
  readonly runs: number;
}

/** The input of a search. */
export interface SearchRequest {
  readonly parameters: readonly Parameter[];
  /** The current values. */
  readonly start: Point;
  /** Runs one point with one seed. */
  readonly evaluate: (point: Point, seed: number) => Scores;
  /** Whether a point is allowed. Other points are not tried. */
  readonly allows: (point: Point) => boolean;
  readonly objective: Objective;
  /** The seed. The same seed tries the same points. */
  readonly seed: number;
}

/** The result of a search. */
export interface SearchResult {
  readonly best: Trial;
  readonly start: Trial;
  /** The points that were tried often enough and that no other point beats in both figures of the objective, ordered by the first figure. */
  readonly front: readonly Trial[];
  /** The number of points tried. */
  readonly tried: number;
}

/** How many points are drawn from everywhere, how many near the best, and how many get more runs. */
const WIDE = 64;
const GOES_ON = 12;
const NEAR = 32;
const LAST = 5;
/** The number of runs of a point that stays in the search, and of the final points. */
const SOME_RUNS = 3;
const MANY_RUNS = 7;

/**
 * Tries random points, spends more runs on the better ones (successive halving), and then tries points near the best. Every point gets the same
 * seeds, so that only the values differ.
 */
export function search(request: SearchRequest): SearchResult {
  const { parameters, start, objective, allows, seed } = request;
  const random = seeded(seed, "tune");
  const runs = createRuns(request);
  const byScore = (a: Trial, b: Trial): number => compareScores(objective, a.scores, b.scores);
  const best = (points: readonly Point[], count: number, some: number): Point[] =>
    points
      .map((point) => runs.mean(point, some))
      .toSorted(byScore)
      .slice(0, count)
      .map(({ point }) => point);
  const draw = (make: () => Point): Point => {
    for (let i = 0; i < 50; i++) {
      const point = make();
      if (allows(point)) return point;
    }
    return start;
  };

  const wide = Array.from({ length: WIDE }, () => draw(() => anywhere(parameters, random)));
  const good = [...best([start, ...wide], GOES_ON, 1), start];
  const centres = best(good, 3, SOME_RUNS);
  const near = Array.from({ length: NEAR }, (_, i) =>
    draw(() => around(parameters, centres[i % centres.length]!, random)),
  );
  const last = best([...good, ...near], LAST, SOME_RUNS);
  for (const point of [start, ...last]) runs.mean(point, MANY_RUNS);
  const tried = (): Trial[] => runs.all().filter((trial) => trial.runs >= SOME_RUNS);
  const first = (): Trial => tried().toSorted(byScore)[0]!;
  // More runs may show that all final points are worse than one that was dropped earlier.
  while (first().runs < MANY_RUNS) runs.mean(first().point, MANY_RUNS);
  const known = tried();
  return {
    best: first(),
    start: runs.mean(start, MANY_RUNS),
    front: frontOf(known, objective),
    tried: runs.all().length,
  };
}

interface Runs {
  /** The mean of at least this many runs. */
  mean(point: Point, runs: number): Trial;
  all(): Trial[];
}

function createRuns({ evaluate, seed }: SearchRequest): Runs {
  const done = new Map<string, { readonly point: Point; readonly scores: Scores[] }>();
  const trialOf = ({ point, scores }: { point: Point; scores: Scores[] }): Trial => ({
    point,
    scores: meanScores(scores),
    runs: scores.length,
  });
  return {
    mean(point, runs) {
      const key = point.join(" ");
      const one = done.get(key) ?? { point, scores: [] };
      done.set(key, one);
      while (one.scores.length < runs) one.scores.push(evaluate(point, seed + one.scores.length));
      return trialOf(one);
    },
    all: () => [...done.values()].map(trialOf),
  };
}

/** Averages the scores of several runs. */
export function meanScores(all: readonly Scores[]): Scores {
  const mean = (key: keyof Scores): number =>
    all.reduce((sum, scores) => sum + scores[key], 0) / all.length;
  return {
    late: mean("late"),
    p95: mean("p95"),
    p99: mean("p99"),
    paid: mean("paid"),
    ready: mean("ready"),
    changes: mean("changes"),
    starts: mean("starts"),
  };
}

function anywhere(parameters: readonly Parameter[], random: Random): Point {
  return parameters.map((parameter) => valueAt(parameter, random()));
}

/** A random point within a tenth of each range. */
function around(parameters: readonly Parameter[], centre: Point, random: Random): Point {
  return parameters.map((parameter, i) => {
    const place = placeOf(parameter, centre[i]!) + (random() - 0.5) / 5;
    return valueAt(parameter, Math.min(1, Math.max(0, place)));
  });
}

/** Rounds to two significant digits, because people write the result into a config. */
function valueAt({ from, to, scale, whole }: Parameter, place: number): number {
  const value = scale === "log" ? from * (to / from) ** place : from + (to - from) * place;
  return whole === true ? Math.round(value) : Number(value.toPrecision(2));
}

function placeOf({ from, to, scale }: Parameter, value: number): number {
  if (from === to) return 0;
  return scale === "log"
    ? Math.log(value / from) / Math.log(to / from)
    : (value - from) / (to - from);
}

function frontOf(trials: readonly Trial[], { figure, best }: Objective): Trial[] {
  const beats = (a: Scores, b: Scores): boolean =>
    a[figure] <= b[figure] && a[best] <= b[best] && (a[figure] < b[figure] || a[best] < b[best]);
  const front = trials
    .filter(({ scores }) => !trials.some((other) => beats(other.scores, scores)))
    .toSorted((a, b) => a.scores[figure] - b.scores[figure] || a.scores.paid - b.scores.paid);
  // If several points have the same figures, one is enough.
  return front.filter(
    ({ scores }, i) => i === 0 || scores[figure] !== front[i - 1]!.scores[figure],
  );
}
