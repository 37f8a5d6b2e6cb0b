import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  ELASTICITY_FIGURES,
  ELASTICITY_NOTE,
  MAIN_FIGURES,
  writeFigure,
  type Figure,
  type FigureKind,
} from "../figures.ts";
import { chartsOf } from "./charts.ts";
import type { Report } from "./report.ts";

/**
 * Writes a report as one HTML file. The file needs no network and no other file, follows the reader's light or dark mode, and can be printed.
 * @throws Error of `node:fs` if the package's own files are missing
 */
export function reportHtml(report: Report): string {
  const { load, configs, assumed, seeds, seconds } = report;
  const title = `${load} with ${configs.map(({ name }) => name).join(" and ")}`;
  const files = readAssets();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="microscaling simulate">
<title>${escape(title)}</title>
<style>
${files.chartStyle}
${files.style}
</style>
</head>
<body>
<header>
<h1>${escape(title)}</h1>
<p>What Microscaling would have done, computed by <code>microscaling simulate</code>. ${escape(describeRuns(seconds, seeds))}</p>
</header>
<section>
<h2>Summary</h2>
${tableOf(report, MAIN_FIGURES)}
</section>
<main id="charts"><noscript><p>The charts need JavaScript.</p></noscript></main>
<section>
<h2>Elasticity</h2>
<p>${escape(ELASTICITY_NOTE)} Instances that drain a backlog count as too many, so also look at the waits.</p>
${tableOf(report, ELASTICITY_FIGURES)}
</section>
<section>
<h2>Assumptions</h2>
<ul>
${assumed.map((one) => `<li>${escape(one)}</li>`).join("\n")}
</ul>
</section>
<script type="application/json" id="data">${escapeJson(JSON.stringify(chartsOf(report)))}</script>
<script>
${files.chartScript}
</script>
<script>
${files.script}
</script>
</body>
</html>
`;
}

/** `The load lasts 3600 s. Mean of 5 runs, seeds 1 to 5, with minimum and maximum. The charts show the first run.` */
function describeRuns(seconds: number, seeds: readonly number[]): string {
  const lasts = `The load lasts ${Math.round(seconds)} s`;
  if (seeds.length === 1) return `${lasts}. One run, seed ${seeds[0]}.`;
  return `${lasts}. Mean of ${seeds.length} runs, seeds ${seeds[0]} to ${seeds.at(-1)}, with minimum and maximum. The charts show the first run.`;
}

function tableOf({ configs }: Report, kinds: readonly FigureKind[]): string {
  const many = configs.length > 1;
  const head = kinds.map(
    ({ label, about }) => `<th scope="col" title="${escape(about)}">${escape(label)}</th>`,
  );
  const rows = (configs[0]?.tasks ?? []).flatMap(({ name }) =>
    configs.flatMap((config) => {
      const task = config.tasks.find((one) => one.name === name);
      if (task === undefined || kinds.every(({ key }) => task.figures[key] === undefined))
        return [];
      const cells = kinds.map(({ key, unit }) => cellOf(task.figures[key], unit));
      const by = many ? `<td>${escape(config.name)}</td>` : "";
      return [`<tr><th scope="row">${escape(name)}</th>${by}${cells.join("")}</tr>`];
    }),
  );
  return `<div class="scroll"><table>
<thead><tr><th scope="col">task</th>${many ? '<th scope="col">config</th>' : ""}${head.join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table></div>`;
}

function cellOf(figure: Figure | undefined, unit: FigureKind["unit"]): string {
  if (figure === undefined) return "<td>-</td>";
  const { mean, range } = writeFigure(figure, unit);
  return `<td>${escape(mean)}${range === undefined ? "" : `<br><small>${escape(range)}</small>`}</td>`;
}

function readAssets(): Record<"chartScript" | "chartStyle" | "script" | "style", string> {
  const require = createRequire(import.meta.url);
  const own = join(dirname(require.resolve("@microscaling/simulator/package.json")), "assets");
  const chart = dirname(require.resolve("uplot/dist/uPlot.iife.min.js"));
  return {
    chartScript: read(join(chart, "uPlot.iife.min.js")),
    chartStyle: read(join(chart, "uPlot.min.css")),
    script: read(join(own, "report.js")),
    style: read(join(own, "report.css")),
  };
}

function read(file: string): string {
  return readFileSync(file, "utf8").trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ENTITIES[letter] ?? letter);
}

/** Escapes JSON so that nothing in it ends the script early. */
function escapeJson(json: string): string {
  return json.replaceAll("<", String.raw`\u003c`);
}
