import type { TaskOutcome } from "./measure.ts";

/** One figure that a report shows for each task. */
export interface FigureKind {
  readonly key: FigureKey;
  /** The heading of the column. */
  readonly label: string;
  /** A description of one sentence. */
  readonly about: string;
  /** The unit: a fraction shown as a percentage, seconds, a percentage, or a plain number. */
  readonly unit: "part" | "seconds" | "percent" | "number";
  /** Whether the figure is meaningless for a task without jobs. */
  readonly ofJobs: boolean;
  readonly read: (outcome: TaskOutcome) => number;
}

/** The figures, by name. */
export type FigureKey =
  | "jobs"
  | "late"
  | "p50"
  | "p95"
  | "p99"
  | "max"
  | "orderedSeconds"
  | "readySeconds"
  | "paid"
  | "ready"
  | "changes"
  | "starts"
  | "thetaU"
  | "thetaO"
  | "tauU"
  | "tauO"
  | "upsilon";

type Row = readonly [FigureKey, string, string, FigureKind["unit"], (one: TaskOutcome) => number];

const WAITS: readonly Row[] = [
  ["jobs", "jobs", "Jobs that arrived.", "number", (one) => one.jobs],
  [
    "late",
    "late",
    "The fraction of jobs that waited longer than allowed.",
    "part",
    (one) => one.late,
  ],
  ["p50", "p50", "Half of the jobs waited at most this long.", "seconds", (one) => one.wait.p50],
  ["p95", "p95", "95 % of the jobs waited at most this long.", "seconds", (one) => one.wait.p95],
  ["p99", "p99", "99 % of the jobs waited at most this long.", "seconds", (one) => one.wait.p99],
  ["max", "max", "The longest wait.", "seconds", (one) => one.wait.max],
];

const SUPPLY: readonly Row[] = [
  [
    "orderedSeconds",
    "ordered s",
    "Instance-seconds from the request for an instance until the instance is gone: starting, ready and stopping.",
    "number",
    (one) => one.orderedSeconds,
  ],
  [
    "readySeconds",
    "ready s",
    "Instance-seconds from when an instance can work until it is gone.",
    "number",
    (one) => one.readySeconds,
  ],
];

const OF_WORK: readonly Row[] = [
  [
    "paid",
    "paid",
    "Ordered instance-seconds divided by seconds of work. 1 means that instances exist exactly as long as there is work.",
    "number",
    (one) => one.paid,
  ],
  [
    "ready",
    "ready",
    "Ready instance-seconds divided by seconds of work: the same as paid without the time of starts.",
    "number",
    (one) => one.ready,
  ],
];

const CHANGES: readonly Row[] = [
  [
    "changes",
    "changes/min",
    "How often the requested number of instances changed, per minute.",
    "number",
    (one) => one.changesPerMinute,
  ],
  [
    "starts",
    "starts/min",
    "How many instances were started, per minute.",
    "number",
    (one) => one.startedPerMinute,
  ],
];

const ELASTICITY: readonly Row[] = [
  [
    "thetaU",
    "θ_U",
    "How many instances were missing, relative to the demand, on average over time.",
    "percent",
    (one) => one.elasticity.thetaU,
  ],
  [
    "thetaO",
    "θ_O",
    "How many instances were too many, relative to the demand, on average over time.",
    "percent",
    (one) => one.elasticity.thetaO,
  ],
  [
    "tauU",
    "τ_U",
    "The fraction of time in which instances were missing.",
    "percent",
    (one) => one.elasticity.tauU,
  ],
  [
    "tauO",
    "τ_O",
    "The fraction of time in which there were too many instances.",
    "percent",
    (one) => one.elasticity.tauO,
  ],
  [
    "upsilon",
    "υ",
    "Instability: the fraction of time in which supply and demand did not move in the same direction.",
    "percent",
    (one) => one.elasticity.upsilon,
  ],
];

const kindsOf = (rows: readonly Row[], ofJobs: boolean): FigureKind[] =>
  rows.map(([key, label, about, unit, read]) => ({ key, label, about, unit, ofJobs, read }));

/** The figures of a report's first table. */
export const MAIN_FIGURES: readonly FigureKind[] = [
  ...kindsOf(WAITS, true),
  ...kindsOf(SUPPLY, false),
  ...kindsOf(OF_WORK, true),
  ...kindsOf(CHANGES, false),
];

/** The elasticity metrics of the SPEC Research Group, as {@link Elasticity} has them. */
export const ELASTICITY_FIGURES: readonly FigureKind[] = kindsOf(ELASTICITY, true);

/** How the elasticity metrics are normalised, as a report says it. */
export const ELASTICITY_NOTE =
  "SPEC elasticity metrics in percent; 0 is ideal. θ is normalised by the demand in each second: the least number of instances that keeps up with the mean rate, at least 1.";

/** One figure over several runs. */
export interface Figure {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** All figures of one task. A meaningless figure (such as a wait without jobs) is absent, never 0. */
export type Figures = Readonly<Partial<Record<FigureKey, Figure>>>;

/** Summarises the same task over several runs. */
export function figuresOf(outcomes: readonly TaskOutcome[]): Figures {
  const hasJobs = outcomes.some(({ jobs }) => jobs > 0);
  const kinds = [...MAIN_FIGURES, ...ELASTICITY_FIGURES];
  return Object.fromEntries(
    kinds
      .filter(({ ofJobs }) => hasJobs || !ofJobs)
      .map(({ key, read }) => [key, figureOf(outcomes.map(read).filter(Number.isFinite))])
      .filter(([, figure]) => figure !== undefined),
  );
}

function figureOf(values: readonly number[]): Figure | undefined {
  if (values.length === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, least: Math.min(...values), most: Math.max(...values) };
}

/** A figure as text. */
export interface FigureText {
  readonly mean: string;
  /** If the runs differ: the minimum and the maximum, in the unit of the mean. */
  readonly range?: string;
}

/** Writes a figure with its unit. */
export function writeFigure({ mean, least, most }: Figure, unit: FigureKind["unit"]): FigureText {
  const { factor, word } = SCALES[unit === "seconds" && mean < 1 ? "milliseconds" : unit];
  const text = `${short(factor * mean)}${word}`;
  if (least === most) return { mean: text };
  return { mean: text, range: `${short(factor * least)}–${short(factor * most)}` };
}

/** The same on one line; `-` if the figure is absent. */
export function formatFigure(figure: Figure | undefined, unit: FigureKind["unit"]): string {
  if (figure === undefined) return "-";
  const { mean, range } = writeFigure(figure, unit);
  return range === undefined ? mean : `${mean} (${range})`;
}

const SCALES = {
  part: { factor: 100, word: "%" },
  percent: { factor: 1, word: "%" },
  number: { factor: 1, word: "" },
  seconds: { factor: 1, word: "s" },
  milliseconds: { factor: 1000, word: "ms" },
} as const;

/** Rounds to three significant digits. */
function short(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
