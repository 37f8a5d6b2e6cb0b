// One figure for each plant: late jobs against cost, as an HTML file that needs nothing else.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "./summary.ts";

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = { left: 70, right: 150, top: 40, bottom: 50 };
/** Fewer late than this, in percent, are drawn at the bottom. */
const LEAST = 0.001;
const MOST_COST = 4;
/** Changes a minute. */
const CHURN_CAP = 20;

/**
 * Writes the figures, means over the loads. Both axes are logarithmic; a point is the larger the more changes a minute it needs.
 * @returns where
 */
export function writeFigures(plants: readonly Cell[]): string {
  const groups = Map.groupBy(plants, ({ plant }) => plant);
  const figures = [...groups].map(([plant, cells]) => figureOf(plant, cells)).join("\n");
  const folder = join(import.meta.dirname, "dist");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "pareto.html");
  writeFileSync(file, `${HEAD}\n${figures}\n`);
  return file;
}

const HEAD = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Late jobs against cost</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 14px system-ui, sans-serif; max-width: 60em; margin: 2em auto; }
  text { fill: currentColor; font-size: 12px; }
  line, path { stroke: currentColor; fill: none; opacity: 0.4; }
  circle { fill: #888; opacity: 0.7; }
  .restless circle { fill: none; stroke: #888; stroke-width: 2; opacity: 1; }
  .ours circle { fill: #06c; opacity: 1; }
</style>
<h1>Late jobs against cost</h1>
<p>Towards the lower left is better. Cost is ready instance-seconds over work; a point is the larger the more changes a minute it
needs, and hollow above ${CHURN_CAP}. The line joins those up to ${CHURN_CAP} that no other of them beats.</p>`;

function figureOf(plant: string, cells: readonly Cell[]): string {
  const shown = cells.filter(({ cost }) => cost <= MOST_COST);
  const costs = shown.map(({ cost }) => cost);
  const x = scale(
    [Math.min(0.95, ...costs), Math.max(1.5, ...costs)],
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const y = scale([LEAST, 100], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const placed = shown.map((cell) => ({
    cell,
    px: x(cell.cost),
    py: y(Math.max(LEAST, cell.late)),
  }));
  const calm = placed.filter(({ cell }) => cell.changes <= CHURN_CAP);
  const front = calm
    .filter(({ cell }) => !calm.some((other) => beats(other.cell, cell)))
    .toSorted((a, b) => a.px - b.px);
  const path = front.map(
    ({ px, py }, i) => `${i === 0 ? "M" : "L"}${px.toFixed(1)} ${py.toFixed(1)}`,
  );
  const points = placed.map(
    ({ cell, px, py }) =>
      `<g class="${classOf(cell)}"><circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="${(3 + Math.sqrt(cell.changes)).toFixed(1)}"><title>${cell.controller}: ${cell.late.toFixed(3)} % late, cost ${cell.cost.toFixed(3)}, ${cell.changes.toFixed(1)} changes/min</title></circle><text x="${(px + 10).toFixed(1)}" y="${(py - 6).toFixed(1)}">${cell.controller}</text></g>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Plant ${plant}">
<text x="${MARGIN.left}" y="20">Plant (μ, start-up, within) = ${plant}</text>
${axes(x, y)}
<path d="${path.join("")}"/>
${points.join("\n")}
</svg>`;
}

function classOf({ controller, changes }: Cell): string {
  if (controller === "latency") return "ours";
  return changes > CHURN_CAP ? "restless" : "rival";
}

function beats(one: Cell, other: Cell): boolean {
  const isNoWorse = one.late <= other.late && one.cost <= other.cost;
  return isNoWorse && (one.late < other.late || one.cost < other.cost);
}

function axes(x: (cost: number) => number, y: (late: number) => number): string {
  const bottom = HEIGHT - MARGIN.bottom;
  const costs = [1, 1.1, 1.25, 1.5, 2, 3, 4].filter((cost) => x(cost) <= WIDTH - MARGIN.right + 1);
  const lates = [LEAST, 0.01, 0.1, 1, 10, 100];
  return [
    ...costs.map(
      (cost) =>
        `<line x1="${x(cost)}" x2="${x(cost)}" y1="${bottom}" y2="${bottom + 5}"/><text x="${x(cost) - 8}" y="${bottom + 20}">${cost}</text>`,
    ),
    ...lates.map(
      (late) =>
        `<line x1="${MARGIN.left - 5}" x2="${WIDTH - MARGIN.right}" y1="${y(late)}" y2="${y(late)}"/><text x="5" y="${y(late) + 4}">${late === LEAST ? "≤ " : ""}${late} %</text>`,
    ),
    `<text x="${MARGIN.left}" y="${HEIGHT - 10}">cost</text>`,
  ].join("\n");
}

/** A logarithmic scale. */
function scale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
}
