// `npm run parity -- <folder>`: replays vectors of the original engine. Runs the replay under Node 24.
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { node, root, toolEnv } from "./setup.mjs";

const folder = resolve(process.argv[2] ?? join(root, "packages/engine/test/vectors"));
const replay = join(root, "packages/engine/test/parity/main.ts");
const { status } = spawnSync(node, ["--conditions=@microscaling/source", replay, folder], {
  env: toolEnv(),
  stdio: "inherit",
});
process.exit(status ?? 1);
