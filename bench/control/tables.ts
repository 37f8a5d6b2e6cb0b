import type { Result } from "./case.ts";
import { compare } from "./elastic.ts";
import { a12, medianDifference, wilcoxon } from "./statistics.ts";
import { meanOf } from "./controllers.ts";
import { OURS, type Bar } from "./bar.ts";
import type { Cell } from "./summary.ts";
import { todayOf } from "./today.ts";

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
    "paid",
    "ready",
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
      ...[cell.paid, cell.ready].map((each) => each.toFixed(3)),
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

/** The figures of each controller on each plant and load; beside ours what it was before the new rule, where that is known. */
export function cellTable(cells: readonly Cell[]): string {
  const head = ["plant", "load", "controller", "late %", "paid", "ready", "changes/min", "settled"];
  const more = ["started/min", "p99 s", "today: late %", "paid", "changes/min"];
  const lines = cells.map((cell) => {
    const today = cell.controller === OURS ? todayOf(cell) : undefined;
    return [
      cell.plant,
      cell.workload,
      cell.controller,
      cell.late.toFixed(3),
      ...[cell.paid, cell.ready].map((each) => each.toFixed(3)),
      ...[cell.changes, cell.settledChanges, cell.started].map((each) => each.toFixed(2)),
      cell.p99.toFixed(1),
      ...(today === undefined ? ["", "", ""] : today.map(String)),
    ];
  });
  return layOut([[...head, ...more], ...lines], 3);
}

/** How sure the differences are: pairs of seeds, each the mean over the loads of a plant. */
export interface Paired {
  readonly plant: string;
  readonly rival: string;
  /** Wilcoxon's p of late and of paid, not corrected for how many there are. */
  readonly lateP: number;
  readonly paidP: number;
  /** The chance that a run of ours is better than one of the rival's. */
  readonly lateA12: number;
  readonly paidA12: number;
  /** 95 % intervals of the median difference, ours less the rival's. */
  readonly lateDifference: readonly [low: number, high: number];
  readonly paidDifference: readonly [low: number, high: number];
}

/** Compares `latency` with every other controller, seed by seed. */
export function pairedWith(results: readonly Result[]): Paired[] {
  const bySeed = new Map<string, { late: number[]; paid: number[] }>();
  const groups = Map.groupBy(
    results,
    ({ plant, controller, seed }) => `${plant}\n${controller}\n${seed}`,
  );
  for (const rows of groups.values()) {
    const key = `${rows[0]!.plant}\n${rows[0]!.controller}`;
    const one = bySeed.get(key) ?? { late: [], paid: [] };
    one.late.push(meanOf(rows.map(({ late }) => late)));
    one.paid.push(meanOf(rows.map(({ paid }) => paid)));
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
      paidP: wilcoxon(ours.paid, theirs.paid),
      lateA12: a12(ours.late, theirs.late),
      paidA12: a12(ours.paid, theirs.paid),
      lateDifference: medianDifference(ours.late, theirs.late),
      paidDifference: medianDifference(ours.paid, theirs.paid),
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
    "paid p",
    "A₁₂",
    "difference",
  ];
  const lines = paired.map((one) => [
    one.plant,
    one.rival,
    one.lateP.toPrecision(2),
    one.lateA12.toFixed(2),
    interval(one.lateDifference),
    one.paidP.toPrecision(2),
    one.paidA12.toFixed(2),
    interval(one.paidDifference),
  ]);
  return layOut([head, ...lines], 2);
}

function interval([low, high]: readonly [number, number]): string {
  return `${low.toFixed(3)} … ${high.toFixed(3)}`;
}

/** The verdict. */
export function barTable(bars: readonly Bar[]): string {
  const lines = bars.map(({ name, value, unit, bar, goal, ok, beside }) => [
    name,
    `${Number(value.toPrecision(4))} ${unit}`.trimEnd(),
    bar,
    goal,
    ok ? "ok" : "MISSED",
    beside,
  ]);
  return layOut([["what", "measured", "bar", "goal", "", ""], ...lines], 6);
}
