import { arrivalsOf, demandOf, type Report, type ReportConfig, type ReportTask } from "./report.ts";

/** The largest number of points in a chart. No chart is wide enough for more. */
const MOST_POINTS = 1200;

type Points = readonly (number | null)[];

/** The data of the charts. */
export interface Charts {
  /** How many seconds a point covers. It shows the longest wait and queue of these seconds, and the mean of everything else. */
  readonly secondsPerPoint: number;
  /** The time of each point, in seconds from the start. */
  readonly time: Points;
  readonly configs: readonly ConfigCharts[];
}

/** The charts of one config. */
export interface ConfigCharts {
  readonly name: string;
  readonly tasks: readonly TaskCharts[];
  /** For each resource, the amount that each task's instances use, in the order of the tasks. */
  readonly capacity: readonly {
    readonly name: string;
    readonly amount: number;
    readonly used: readonly Points[];
  }[];
}

/** The charts of one task. Those of the queue are absent if the task has none. */
export interface TaskCharts {
  readonly name: string;
  readonly within: number;
  readonly arrivals?: Points;
  readonly waiting?: Points;
  readonly longestWait?: Points;
  readonly expectedWait?: Points;
  readonly demand?: Points;
  readonly ordered: Points;
  readonly running: Points;
}

/** Reduces the seconds of a run to few enough points to draw. */
export function chartsOf({ configs, seconds }: Report): Charts {
  const secondsPerPoint = Math.max(1, Math.ceil(seconds / MOST_POINTS));
  const points = Math.ceil(Math.ceil(seconds) / secondsPerPoint);
  return {
    secondsPerPoint,
    time: Array.from({ length: points }, (_, point) => point * secondsPerPoint),
    configs: configs.map((config) => configCharts(config, seconds, secondsPerPoint)),
  };
}

function configCharts(config: ReportConfig, seconds: number, bin: number): ConfigCharts {
  const { name, tasks, capacity } = config;
  const ordered = tasks.map(({ timeline }) => mean(timeline.ordered, bin));
  const used = (resource: string): Points[] =>
    tasks.map(({ uses }, i) =>
      ordered[i]!.map((count) => rounded(count! * usedBy(uses, resource))),
    );
  return {
    name,
    tasks: tasks.map((task) => taskCharts(task, seconds, bin)),
    capacity: Object.entries(capacity)
      .filter(([, amount]) => Number.isFinite(amount))
      .map(([resource, amount]) => ({ name: resource, amount, used: used(resource) })),
  };
}

function usedBy(uses: ReportTask["uses"], resource: string): number {
  return resource === "instances" ? 1 : (uses[resource] ?? 0);
}

function taskCharts(task: ReportTask, seconds: number, bin: number): TaskCharts {
  const { name, withinSeconds: within, jobs, timeline, expectedWait } = task;
  const supply = { ordered: mean(timeline.ordered, bin), running: mean(timeline.running, bin) };
  if (jobs === undefined) return { name, within, ...supply };
  return {
    name,
    within,
    arrivals: mean(arrivalsOf(jobs, seconds), bin),
    waiting: most(timeline.waiting, bin),
    longestWait: most(timeline.oldestWait, bin),
    ...(expectedWait === undefined ? {} : { expectedWait: mean(expectedWait, bin) }),
    demand: mean(demandOf(jobs, seconds), bin),
    ...supply,
  };
}

const mean = (values: Float64Array, bin: number): Points =>
  binned(values, bin, (part) => part.reduce((sum, value) => sum + value, 0) / part.length);

const most = (values: Float64Array, bin: number): Points =>
  binned(values, bin, (part) => Math.max(...part));

function binned(
  values: Float64Array,
  bin: number,
  sum: (part: Float64Array) => number,
): (number | null)[] {
  const points: (number | null)[] = [];
  for (let from = 0; from < values.length; from += bin) {
    // NaN if a second has no value.
    const said = values.subarray(from, from + bin).filter((value) => !Number.isNaN(value));
    const value = said.length === 0 ? Number.NaN : sum(said);
    points.push(Number.isFinite(value) ? rounded(value) : null);
  }
  return points;
}

/** Rounds for a chart, to keep the file small. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
