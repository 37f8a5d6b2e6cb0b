// For each plant, paid against late jobs and paid against changes, as an HTML file that needs nothing else.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "./summary.ts";

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = { left: 80, right: 150, top: 40, bottom: 50 };
const MOST_PAID = 4;

/** What stands against what is paid. */
interface Axis {
  readonly key: "late" | "changes";
  readonly label: string;
  readonly unit: string;
  /** Less than this is drawn at the bottom. */
  readonly least: number;
  readonly marks: readonly number[];
}

const AXES: readonly Axis[] = [
  { key: "late", label: "late", unit: " %", least: 0.001, marks: [0.001, 0.01, 0.1, 1, 10, 100] },
  { key: "changes", label: "changes", unit: "/min", least: 0.01, marks: [0.01, 0.1, 1, 10, 100] },
];

/**
 * Writes the figures, means over the loads. All axes are logarithmic.
 * @returns where
 */
export function writeFigures(plants: readonly Cell[]): string {
  const groups = Map.groupBy(plants, ({ plant }) => plant);
  const figures = [...groups].flatMap(([plant, cells]) =>
    AXES.map((axis) => figureOf(plant, cells, axis)),
  );
  const folder = join(import.meta.dirname, "dist");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "pareto.html");
  writeFileSync(file, `${HEAD}\n${figures.join("\n")}\n`);
  return file;
}

const HEAD = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Paid against late against changes</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 14px system-ui, sans-serif; max-width: 60em; margin: 2em auto; }
  text { fill: currentColor; font-size: 12px; }
  line { stroke: currentColor; fill: none; opacity: 0.4; }
  circle { fill: none; stroke: #888; stroke-width: 2; }
  .front circle { fill: #888; }
  .ours circle { fill: #06c; stroke: #06c; }
</style>
<h1>Paid against late against changes</h1>
<p>Towards the lower left is better. Paid is instance-seconds from the request until gone, over work. There are two figures for each plant: what is paid
against late jobs, and what is paid against changes. A full point is a controller that no other one beats in all three.</p>`;

function figureOf(plant: string, cells: readonly Cell[], axis: Axis): string {
  const shown = cells.filter(({ paid }) => paid <= MOST_PAID);
  const paid = shown.map((cell) => cell.paid);
  const x = scale(
    [Math.min(0.95, ...paid), Math.max(1.5, ...paid)],
    [MARGIN.left, WIDTH - MARGIN.right],
  );
  const y = scale([axis.least, 100], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const points = shown.map((cell) => {
    const px = x(cell.paid);
    const py = y(Math.max(axis.least, cell[axis.key]));
    const figures = `${cell.late.toFixed(3)} % late, paid ${cell.paid.toFixed(3)}, ${cell.changes.toFixed(1)} changes/min`;
    return `<g class="${classOf(cell, cells)}"><circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="5"><title>${cell.controller}: ${figures}</title></circle><text x="${(px + 10).toFixed(1)}" y="${(py - 6).toFixed(1)}">${cell.controller}</text></g>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Plant ${plant}, ${axis.label}">
<text x="${MARGIN.left}" y="20">Plant (μ, start-up, within) = ${plant}: ${axis.label}</text>
${drawAxes(x, y, axis)}
${points.join("\n")}
</svg>`;
}

function classOf(cell: Cell, cells: readonly Cell[]): string {
  const front = cells.some((other) => beats(other, cell)) ? "beaten" : "front";
  return cell.controller === "latency" ? `ours ${front}` : front;
}

/** Whether it is no worse in all three, and better in one. The oracle beats nobody: it knows the future. */
export function beats(one: Cell, other: Cell): boolean {
  if (one.controller === "oracle") return false;
  const keys = ["late", "paid", "changes"] as const;
  return keys.every((key) => one[key] <= other[key]) && keys.some((key) => one[key] < other[key]);
}

function drawAxes(
  x: (paid: number) => number,
  y: (value: number) => number,
  { label, unit, least, marks }: Axis,
): string {
  const bottom = HEIGHT - MARGIN.bottom;
  const paid = [1, 1.1, 1.25, 1.5, 2, 3, 4].filter((one) => x(one) <= WIDTH - MARGIN.right + 1);
  return [
    ...paid.map(
      (one) =>
        `<line x1="${x(one)}" x2="${x(one)}" y1="${bottom}" y2="${bottom + 5}"/><text x="${x(one) - 8}" y="${bottom + 20}">${one}</text>`,
    ),
    ...marks.map(
      (mark) =>
        `<line x1="${MARGIN.left - 5}" x2="${WIDTH - MARGIN.right}" y1="${y(mark)}" y2="${y(mark)}"/><text x="5" y="${y(mark) + 4}">${mark === least ? "≤ " : ""}${mark}${unit}</text>`,
    ),
    `<text x="${MARGIN.left}" y="${HEIGHT - 10}">paid</text>`,
    `<text x="5" y="20">${label}</text>`,
  ].join("\n");
}

/** A logarithmic scale. */
function scale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
}
