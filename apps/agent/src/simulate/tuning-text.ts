import { formatDuration } from "@microscaling/core";
import {
  meets,
  writeFigure,
  type FigureKind,
  type Objective,
  type Obstacle,
  type Scores,
} from "@microscaling/simulator";
import { formatTable } from "../cli/table.ts";
import type { Tuned, Tuning } from "./tuning.ts";

/** What came of a search, for the terminal. */
export function tuningText(tuning: Tuning, objective: Objective, phrase: string): string {
  const { best, start, front, tried, trainingSeconds, seconds, meets: all } = tuning;
  const parts = `${tried} settings tried on the first ${time(trainingSeconds)} of the load; the other ${time(seconds - trainingSeconds)} were held out`;
  return [
    `${phrase}: ${parts}`,
    "",
    ...verdict(tuning, objective, phrase),
    "",
    table([
      [`now: ${start.setting}`, start],
      [`best: ${best.setting}`, best],
    ]),
    "",
    ...(best.yaml === start.yaml
      ? ["Nothing that was tried is better than the config as it is."]
      : [
          `${all ? "To" : "The best that was found, to"} paste over the same keys of the config:`,
          "",
          best.yaml.trimEnd(),
        ]),
    "",
    `The Pareto front: nothing that was tried is better in both ${objective.figure} and ${objective.best}.`,
    table(front.map((one) => [one.setting, one])),
  ].join("\n");
}

function verdict(
  { best, meets: all, obstacles }: Tuning,
  objective: Objective,
  phrase: string,
): string[] {
  if (all) return ["The best one meets the objective on both parts."];
  const where = meets(objective, best.training)
    ? "The best one meets the objective where it was searched, and not on the part that was held out."
    : `Nothing that was tried meets ${JSON.stringify(phrase)}.`;
  const why = [...obstacles].map(([task, obstacle]) => explainObstacle(task, obstacle));
  return [
    where,
    ...(why.length > 0 ? why : ["No burst that is too short or too large explains it."]),
  ];
}

/** Why some jobs are late whatever is decided. */
function explainObstacle(task: string, obstacle: Obstacle): string {
  const { kind, at, burstSeconds, workSeconds, needed } = obstacle;
  const burst = `${task}: at ${time(at)} there comes work for ${Math.round(workSeconds)} instance-seconds within ${time(burstSeconds)}`;
  if (kind === "room")
    return `${burst}. Even with all instances that there may be, it cannot be begun in time; it would need ${needed}. Raise max or the capacity.`;
  return `${burst}, a burst shorter than the start-up time and the wait that is allowed. What is asked for then comes too late: ${needed} instances would have to be there before. Raise min, set a schedule, or start faster.`;
}

type Row = readonly [name: string, tuned: Tuned];

const COLUMNS: readonly (readonly [keyof Scores, FigureKind["unit"]])[] = [
  ["late", "part"],
  ["p95", "seconds"],
  ["p99", "seconds"],
  ["paid", "number"],
  ["ready", "number"],
  ["changes", "number"],
  ["starts", "number"],
];

function table(rows: readonly Row[]): string {
  const cells = (scores: Scores): string[] =>
    COLUMNS.map(([key, unit]) => {
      const value = scores[key];
      if (!Number.isFinite(value)) return "-";
      return writeFigure({ mean: value, least: value, most: value }, unit).mean;
    });
  return formatTable({
    head: [
      ...COLUMNS.map(([key]) => key.toUpperCase()),
      ...COLUMNS.map(([key]) => `${key.toUpperCase()} HELD OUT`),
      "SETTING",
    ],
    rows: rows.map(([name, { training, heldOut }]) => [
      ...cells(training),
      ...cells(heldOut),
      name,
    ]),
    overflow: "wrap",
  });
}

const time = (seconds: number): string => formatDuration(seconds * 1000);
