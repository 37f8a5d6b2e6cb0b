// `npm run bench [-- --json] [-- --only <part of a name>]`: runs the benches under Node 24. Setup and build come before it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node, root, toolEnv } from "../scripts/setup.mjs";

const main = join(root, "bench/main.ts");
const { status } = spawnSync(
  node,
  ["--conditions=@microscaling/source", main, ...process.argv.slice(2)],
  { cwd: root, env: toolEnv(), stdio: "inherit" },
);
process.exit(status ?? 1);
