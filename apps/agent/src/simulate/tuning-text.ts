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

/** The result of a search, for the terminal. */
export function tuningText(tuning: Tuning, objective: Objective, phrase: string): string {
  const { best, start, front, tried, trainingSeconds, seconds, meets: all } = tuning;
  const parts = `tried ${tried} settings on the first ${time(trainingSeconds)} of the load, and held out the other ${time(seconds - trainingSeconds)}`;
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
      ? ["No tried setting is better than the current config."]
      : [
          `${all ? "Paste this" : "The best setting found. Paste it"} over the same keys of the config:`,
          "",
          best.yaml.trimEnd(),
        ]),
    "",
    `The Pareto front: no tried setting is better in both ${objective.figure} and ${objective.best}.`,
    table(front.map((one) => [one.setting, one])),
  ].join("\n");
}

function verdict(
  { best, meets: all, obstacles }: Tuning,
  objective: Objective,
  phrase: string,
): string[] {
  if (all) return ["The best setting meets the objective on both parts."];
  const where = meets(objective, best.training)
    ? "The best setting meets the objective on the searched part, but not on the held-out part."
    : `No tried setting meets ${JSON.stringify(phrase)}.`;
  const why = [...obstacles].map(([task, obstacle]) => explainObstacle(task, obstacle));
  return [
    where,
    ...(why.length > 0 ? why : ["No burst is too short or too large, so that is not the reason."]),
  ];
}

/** Why some jobs are late, whatever is decided. */
function explainObstacle(task: string, obstacle: Obstacle): string {
  const { kind, at, burstSeconds, workSeconds, needed } = obstacle;
  const burst = `${task}: at ${time(at)}, work for ${Math.round(workSeconds)} instance-seconds arrives within ${time(burstSeconds)}`;
  if (kind === "room")
    return `${burst}. Even all allowed instances cannot begin it in time; that would need ${needed}. Raise max or the capacity.`;
  return `${burst}. This burst is shorter than the start-up time and the allowed wait, so instances that are requested then start too late. ${needed} instances would have to run before. Raise min, set a schedule, or make starts faster.`;
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
