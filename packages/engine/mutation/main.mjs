// `npm run mutation [-- --only <start of a path below src> [--only …]]`: runs it under Node 24.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node, root, toolEnv } from "../../../scripts/setup.mjs";

const main = join(root, "packages/engine/mutation/mutation.ts");
const { status } = spawnSync(node, [main, ...process.argv.slice(2)], {
  env: toolEnv(),
  stdio: "inherit",
});
process.exit(status ?? 1);
