import type { Result } from "./case.ts";
import { compare } from "./elastic.ts";
import { a12, medianDifference, wilcoxon } from "./statistics.ts";
import { meanOf } from "./controllers.ts";
import type { Bar } from "./bars.ts";
import type { Cell } from "./summary.ts";

/** Lines of a table, the first being the head: the first `left` columns to the left, the others to the right. */
function layOut(lines: readonly (readonly string[])[], left: number): string {
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i < left ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** Everything of every controller in each plant, means over the loads. ε is against `queue`. */
export function plantTable(plants: readonly Cell[]): string {
  const head = [
    "plant",
    "controller",
    "late %",
    "p50 s",
    "p95 s",
    "p99 s",
    "max s",
    "cost",
    "ordered",
    "changes/min",
    "started/min",
    "θ_U %",
    "θ_O %",
    "τ_U %",
    "τ_O %",
    "υ %",
    "ε",
    "σ %",
    "κ %",
    "µs",
  ];
  const lines = plants.map((cell) => {
    const same = plants.filter(({ plant }) => plant === cell.plant);
    const baseline = same.find(({ controller }) => controller === "queue");
    const compared = baseline && compare(cell, baseline, same);
    return [
      cell.plant,
      cell.controller,
      cell.late.toFixed(3),
      ...[cell.p50, cell.p95, cell.p99, cell.longest].map((each) => each.toFixed(1)),
      ...[cell.cost, cell.ordered].map((each) => each.toFixed(3)),
      ...[cell.changes, cell.started, cell.thetaU, cell.thetaO].map((each) => each.toFixed(1)),
      ...[cell.tauU, cell.tauO, cell.upsilon].map((each) => each.toFixed(1)),
      ...[compared?.epsilon, compared?.sigma, compared?.kappa].map(
        (each) => each?.toFixed(2) ?? "",
      ),
      cell.decideMicros.toFixed(1),
    ];
  });
  return layOut([head, ...lines], 2);
}

/** One figure triple for each plant and load: late, cost and changes of each controller. */
export function cellTable(cells: readonly Cell[]): string {
  const head = ["plant", "load", "controller", "late %", "cost", "changes/min", "p99 s"];
  const lines = cells.map(({ plant, workload, controller, late, cost, changes, p99 }) => [
    plant,
    workload,
    controller,
    late.toFixed(3),
    cost.toFixed(3),
    changes.toFixed(1),
    p99.toFixed(1),
  ]);
  return layOut([head, ...lines], 3);
}

/** How sure the differences are: pairs of seeds, each the mean over the loads of a plant. */
export interface Paired {
  readonly plant: string;
  readonly rival: string;
  /** Wilcoxon's p of late and of cost, not corrected for how many there are. */
  readonly lateP: number;
  readonly costP: number;
  /** The chance that a run of ours is better than one of the rival's. */
  readonly lateA12: number;
  readonly costA12: number;
  /** 95 % intervals of the median difference, ours less the rival's. */
  readonly lateDifference: readonly [low: number, high: number];
  readonly costDifference: readonly [low: number, high: number];
}

/** Compares `latency` with every other controller, seed by seed. */
export function pairedWith(results: readonly Result[]): Paired[] {
  const bySeed = new Map<string, { late: number[]; cost: number[] }>();
  const groups = Map.groupBy(
    results,
    ({ plant, controller, seed }) => `${plant}\n${controller}\n${seed}`,
  );
  for (const rows of groups.values()) {
    const key = `${rows[0]!.plant}\n${rows[0]!.controller}`;
    const one = bySeed.get(key) ?? { late: [], cost: [] };
    one.late.push(meanOf(rows.map(({ late }) => late)));
    one.cost.push(meanOf(rows.map(({ cost }) => cost)));
    bySeed.set(key, one);
  }
  return [...bySeed].flatMap(([key, theirs]) => {
    const [plant, rival] = key.split("\n") as [string, string];
    const ours = bySeed.get(`${plant}\nlatency`);
    if (ours === undefined || rival === "latency") return [];
    return {
      plant,
      rival,
      lateP: wilcoxon(ours.late, theirs.late),
      costP: wilcoxon(ours.cost, theirs.cost),
      lateA12: a12(ours.late, theirs.late),
      costA12: a12(ours.cost, theirs.cost),
      lateDifference: medianDifference(ours.late, theirs.late),
      costDifference: medianDifference(ours.cost, theirs.cost),
    };
  });
}

/** The comparisons, one a line. */
export function pairedTable(paired: readonly Paired[]): string {
  const head = [
    "plant",
    "latency against",
    "late p",
    "A₁₂",
    "difference, points",
    "cost p",
    "A₁₂",
    "difference",
  ];
  const lines = paired.map((one) => [
    one.plant,
    one.rival,
    one.lateP.toPrecision(2),
    one.lateA12.toFixed(2),
    interval(one.lateDifference),
    one.costP.toPrecision(2),
    one.costA12.toFixed(2),
    interval(one.costDifference),
  ]);
  return layOut([head, ...lines], 2);
}

function interval([low, high]: readonly [number, number]): string {
  return `${low.toFixed(3)} … ${high.toFixed(3)}`;
}

/** The verdict. */
export function barTable(bars: readonly Bar[]): string {
  const lines = bars.map(({ name, value, unit, bar, ok, beside }) => [
    name,
    `${Number(value.toPrecision(4))} ${unit}`.trimEnd(),
    bar,
    ok ? "ok" : "MISSED",
    beside,
  ]);
  return layOut([["what", "measured", "bar", "", ""], ...lines], 5);
}
