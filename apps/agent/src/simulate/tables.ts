import {
  ELASTICITY_FIGURES,
  ELASTICITY_NOTE,
  formatFigure,
  MAIN_FIGURES,
  type FigureKind,
  type Report,
} from "@microscaling/simulator";
import { formatTable } from "../cli/table.ts";

/** The figures that most people want to know. */
const SHORT = MAIN_FIGURES.filter(
  ({ key }) => key !== "orderedSeconds" && key !== "readySeconds" && key !== "ready",
);

/**
 * A report for the terminal: a table and the assumptions.
 * @param isWhole whether to include the figures for comparing controllers
 */
export function reportText(report: Report, isWhole: boolean): string {
  const { load, seconds, seeds, assumed } = report;
  const runs =
    seeds.length === 1
      ? `seed ${seeds[0]}`
      : `mean (least–most) of ${seeds.length} runs, seeds ${seeds[0]} to ${seeds.at(-1)}`;
  return [
    `${load}, ${Math.round(seconds)} s, ${runs}`,
    "",
    figureTable(report, isWhole ? MAIN_FIGURES : SHORT),
    "",
    ...(isWhole ? [ELASTICITY_NOTE, figureTable(report, ELASTICITY_FIGURES), ""] : []),
    "Assumed:",
    ...assumed.map((sentence) => `  ${sentence}`),
  ].join("\n");
}

/** One row for each task and config. */
function figureTable({ configs }: Report, kinds: readonly FigureKind[]): string {
  const many = configs.length > 1;
  const names = new Set(configs.flatMap(({ tasks }) => tasks.map(({ name }) => name)));
  const rows = [...names].flatMap((name) =>
    configs.flatMap((config) => {
      const task = config.tasks.find((one) => one.name === name);
      if (task === undefined) return [];
      // A task without jobs has no wait and no elasticity.
      if (kinds.every(({ key }) => task.figures[key] === undefined)) return [];
      const cells = kinds.map(({ key, unit }) => formatFigure(task.figures[key], unit));
      return [[name, ...(many ? [config.name] : []), ...cells]];
    }),
  );
  const head = ["TASK", ...(many ? ["CONFIG"] : []), ...kinds.map(({ label }) => upper(label))];
  return formatTable({ head, rows, overflow: "wrap" });
}

/** Greek letters keep their case, because it matters. */
function upper(label: string): string {
  return /^[a-z]/.test(label) ? label.toUpperCase() : label;
}
