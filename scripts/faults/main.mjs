// `npm run test:faults [-- --only <part of a backend's or fault's name>] [-- --minutes <n>] [-- --write]`: runs it under Node 24.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node, root, toolEnv } from "../setup.mjs";

const main = join(root, "scripts/faults/faults.ts");
const { status } = spawnSync(
  node,
  ["--conditions=@microscaling/source", main, ...process.argv.slice(2)],
  { cwd: root, env: toolEnv(), stdio: "inherit" },
);
process.exit(status ?? 1);
