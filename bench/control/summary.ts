import type { Result } from "./case.ts";
import { meanOf } from "./controllers.ts";

/** What is averaged. */
export type Figure = Exclude<
  { [K in keyof Result]: Result[K] extends number ? K : never }[keyof Result],
  "seed"
>;

const FIGURES: readonly Figure[] = [
  "late",
  "paid",
  "ready",
  "changes",
  "started",
  "settledChanges",
  "p50",
  "p95",
  "p99",
  "longest",
  "thetaU",
  "thetaO",
  "tauU",
  "tauO",
  "upsilon",
  "decideMicros",
];

/** One cell of a table: means over the seeds, or over the loads. */
export type Cell = Readonly<Record<Figure, number>> &
  Pick<Result, "plant" | "workload" | "controller">;

/** The mean over the seeds for each plant, load and controller, in the order in which they came. */
export function cellsOf(results: readonly Result[]): Cell[] {
  const groups = Map.groupBy(results, (row) => `${row.plant} ${row.workload} ${row.controller}`);
  return [...groups.values()].map((rows) => meanCell(rows, rows[0]!.workload));
}

/** The mean over the loads for each plant and controller. */
export function plantsOf(cells: readonly Cell[]): Cell[] {
  const groups = Map.groupBy(cells, ({ plant, controller }) => `${plant} ${controller}`);
  return [...groups.values()].map((rows) => meanCell(rows, "all"));
}

function meanCell(rows: readonly Cell[], workload: string): Cell {
  const { plant, controller } = rows[0]!;
  const means = FIGURES.map((figure) => [figure, meanOf(rows.map((row) => row[figure]))]);
  return Object.assign(Object.fromEntries(means) as Cell, { plant, workload, controller });
}

/** Whether it has both fewer late jobs and is paid less for. */
export function isBetter(one: Cell, other: Cell): boolean {
  return one.late < other.late && one.paid < other.paid;
}

/** Whether it is better and changes no more often. */
export function dominates(one: Cell, other: Cell): boolean {
  return isBetter(one, other) && one.changes <= other.changes;
}
