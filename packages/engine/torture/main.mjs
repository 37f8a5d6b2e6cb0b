// `npm run torture [-- --seeds <n>] [-- --minutes <n>] [-- --seed <n>]`: runs it under Node 24.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node, root, toolEnv } from "../../../scripts/setup.mjs";

const main = join(root, "packages/engine/torture/torture.ts");
const { status } = spawnSync(
  node,
  ["--conditions=@microscaling/source", main, ...process.argv.slice(2)],
  { env: toolEnv(), stdio: "inherit" },
);
process.exit(status ?? 1);
