// The proof of the latency target: it against its rivals, on the same arrivals. Exit code 1 when a bar is missed.
import { parseArgs } from "node:util";
import { CONTROLLERS } from "./controllers.ts";
import { runAll } from "./pool.ts";
import { lengthCases, suiteCases } from "./suite.ts";
import { cellsOf, plantsOf, type Cell } from "./summary.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "30" },
    traces: { type: "string" },
  },
});
const seeds = Number(options.seeds);
const controllers = Object.keys(CONTROLLERS).filter((name) => name.includes(options.only));

const results = await runAll([...suiteCases(seeds, controllers), ...lengthCases(seeds)]);
for (const part of ["suite", "length"]) {
  const cells = cellsOf(results.filter((result) => result.part === part));
  process.stdout.write(`\n${part}\n`);
  for (const cell of cells) process.stdout.write(lineOf(cell));
  process.stdout.write("\n");
  for (const cell of plantsOf(cells)) process.stdout.write(lineOf(cell));
}

function lineOf({ plant, workload, controller, late, cost, changes, p99 }: Cell): string {
  return `${plant.padEnd(14)}${workload.padEnd(9)}${controller.padEnd(14)}${late.toFixed(3).padStart(9)} %${cost.toFixed(3).padStart(8)}${changes.toFixed(1).padStart(7)}/min  p99 ${p99.toFixed(1)} s\n`;
}
