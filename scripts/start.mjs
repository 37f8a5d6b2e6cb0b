// `npm start`: sets the checkout up, builds, and runs the demo under Node 24.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { node, root, setUp, toolEnv, wordsOf } from "./setup.mjs";

try {
  setUp({ build: true });
} catch (error) {
  process.stderr.write(`${wordsOf(error)}\n`);
  process.exit(1);
}
const demo = [join(root, "examples/demo/demo.ts"), ...process.argv.slice(2)];
const child = spawn(node, demo, { cwd: root, env: toolEnv(), stdio: "inherit" });
child.once("exit", (code) => process.exit(code ?? 1));
// Ctrl-C reaches the demo directly. A signal to this process alone does not. In both cases the demo ends in its own time.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
