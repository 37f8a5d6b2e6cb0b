// `npm test`: sets the checkout up, then starts suite/main.ts under Node 24.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { node, root, setUp, toolEnv, wordsOf } from "./setup.mjs";

const began = Date.now();
try {
  setUp();
} catch (error) {
  process.stdout.write(`✗ set-up\n${wordsOf(error)}\n\n0 passed, 1 failed\n`);
  process.exit(1);
}
process.stdout.write(`✓ set-up ${((Date.now() - began) / 1000).toFixed(1)}s\n`);
const suite = [join(root, "scripts/suite/main.ts"), ...process.argv.slice(2)];
const done = spawnSync(node, suite, { cwd: root, env: toolEnv(), stdio: "inherit" });
process.exitCode = done.status ?? 1;
