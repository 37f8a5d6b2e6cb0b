import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pnpm } from "../setup.mjs";
import { fail, inTempFolder, pass, run, type Result, type Step } from "./step.ts";

const PACKED = ["core", "engine", "agent", "scheduler-toy"];

const CONFIG = `scheduler: { use: toy }
capacity: { instances: 4 }
tasks:
  worker:
    priority: 1
    instances: { max: 4 }
    workload: {}
    target: { use: fixed, instances: 2 }
`;

/** Installs what would be published into an empty folder, as a user does, and runs the program there. */
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
  const program = join(home, "node_modules/.bin/microscaling");
  const commands = [
    ["npm", "install", "--no-audit", "--no-fund", ...tarballs],
    [program, "version"],
    [program, "validate"],
  ];
  for (const command of commands) {
    const { code, output } = await run(command, { cwd: home });
    if (code !== 0) return fail(`${command.join(" ")} ended with ${code}:\n${output}`);
  }
  return pass();
}
