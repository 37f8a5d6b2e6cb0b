// `npm test` after set-up: runs every check, and prints one line for each. Option: --install also installs the system packages that the servers
// need. CI=true does so too, and makes a missing server a failure.
import { parseArgs } from "node:util";
import { pnpm } from "../setup.mjs";
import { authorStep } from "./author.ts";
import { serverSteps } from "./servers.ts";
import { smokeStep } from "./smoke.ts";
import { commandStep, fail, type Result, type Step } from "./step.ts";
import { vitestStep } from "./vitest.ts";

const { values } = parseArgs({ options: { install: { type: "boolean", default: false } } });
const ci = process.env["CI"] === "true";

const turbo = [...pnpm(["exec", "turbo", "run"]), "--output-logs=errors-only"];
const steps: readonly Step[] = [
  commandStep("format", ["oxfmt", "--check"]),
  commandStep("lint", ["oxlint", "--type-aware", "--deny-warnings"]),
  commandStep("types", ["tsc", "-p", "tsconfig.test.json"]),
  commandStep("dead code", ["knip"]),
  commandStep("direction", ["node", "scripts/direction.ts"]),
  vitestStep("unit tests", { MICROSCALING_SERVERS: "0" }),
  commandStep("build", [...turbo, "build"]),
  commandStep("packages", [...turbo, "check:package"]),
  smokeStep,
  authorStep,
  ...serverSteps({ install: values.install || ci, required: ci }),
];

const results: Result[] = [];
for (const step of steps) results.push(await report(step));
summarise(results);

/** Runs a step and prints its result. */
async function report(step: Step): Promise<Result> {
  const began = performance.now();
  const result = await step.run().catch((error: Error) => fail(error.stack ?? error.message));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const counts = result.passed + result.failed > 1 ? `, ${result.passed} passed` : "";
  console.log(`${result.failed === 0 ? "✓" : "✗"} ${step.name} ${seconds}s${counts}`);
  if (result.failed > 0) console.log(`${result.output.trimEnd()}\n`);
  return result;
}

/** Prints what did not run, then the counts. Set-up, which ran before this program started, counts as passed. */
function summarise(all: readonly Result[]): void {
  const skipped = all.flatMap((result) => result.skipped);
  if (skipped.length > 0) console.log(`\nNot run:\n${skipped.map((s) => `  ${s}`).join("\n")}`);
  const passed = all.reduce((sum, result) => sum + result.passed, 1);
  const failed = all.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
