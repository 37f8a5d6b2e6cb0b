import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pnpm } from "../setup.mjs";
import { fail, inTempFolder, pass, run, type Result, type Step } from "./step.ts";

const PACKED = ["core", "engine", "simulator", "agent", "scheduler-toy", "metric-toy"];

const CONFIG = `scheduler: { use: toy }
capacity: { instances: 4 }
tasks:
  worker:
    priority: 1
    instances: { max: 4 }
    workload: {}
    metric: { use: toy, value: 0 }
    target: { use: latency, within: 2s }
`;
const LOAD = `tasks:
  worker:
    arrivals: { use: step, length: 60s, low: 2, high: 8, from: 20s, to: 40s }
    service: { mean: 300ms }
    startup: 1s
`;

/** Installs the packed packages into an empty folder, as a user does, and runs the program there. */
export const smokeStep: Step = {
  name: "smoke test of the packed packages",
  run: () => inTempFolder((packs) => inTempFolder((home) => smoke(packs, home))),
};

async function smoke(packs: string, home: string): Promise<Result> {
  const filters = PACKED.flatMap((name) => ["--filter", `@microscaling/${name}`]);
  const packed = await run(pnpm(["-r", ...filters, "pack", "--pack-destination", packs]));
  if (packed.code !== 0) return fail(packed.output);

  const tarballs = readdirSync(packs).map((file) => join(packs, file));
  writeFileSync(join(home, "package.json"), "{}");
  writeFileSync(join(home, "microscaling.yaml"), CONFIG);
  writeFileSync(join(home, "load.yaml"), LOAD);
  const program = join(home, "node_modules/.bin/microscaling");
  const commands = [
    ["npm", "install", "--no-audit", "--no-fund", ...tarballs],
    [program, "version"],
    [program, "validate"],
    [program, "simulate", "--load", "load.yaml", "--html", "report.html"],
  ];
  for (const command of commands) {
    const { code, output } = await run(command, { cwd: home });
    if (code !== 0) return fail(`${command.join(" ")} ended with exit code ${code}:\n${output}`);
  }
  return pass();
}
