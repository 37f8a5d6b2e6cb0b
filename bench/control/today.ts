// What the rule before issue 12 made of the rows (commit b6e1ccd, 30 seeds): no row may become worse.
import type { Cell } from "./summary.ts";

/** Late in percent, paid, and changes a minute. */
export type Today = readonly [late: number, paid: number, changes: number];

const FIGURES: Readonly<Record<string, Today>> = {};

/** What a row was, if it is known. */
export function todayOf({ plant, workload }: Pick<Cell, "plant" | "workload">): Today | undefined {
  return FIGURES[`${plant} ${workload}`];
}
