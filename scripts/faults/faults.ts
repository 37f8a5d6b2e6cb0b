// The faults of docs/reliability.md, on real servers. Options: --only <part of a name>, --minutes <n> (as many as fit, and none that is slow),
// --write (into docs/reliability.md).
import { parseArgs } from "node:util";
import type { Fault, Suite } from "./fault.ts";
import { runFault, seconds, type Result } from "./run.ts";
import { suites } from "./suites.ts";
import { writeTable } from "./table.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    minutes: { type: "string" },
    write: { type: "boolean", default: false },
  },
});

// What was started or mounted is gone at the exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const isShort = values.minutes !== undefined;
const endsAt = isShort ? performance.now() + Number(values.minutes) * 60_000 : Infinity;
let failed = 0;
let passed = 0;
for (const [index, suite] of suites.entries()) {
  // The other suites share the time that one suite does not use.
  const now = performance.now();
  await runSuite(suite, now + (endsAt - now) / (suites.length - index));
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @param until the time after which no other fault starts */
async function runSuite(suite: Suite, until: number): Promise<void> {
  const chosen = suite.faults.filter((fault) => isChosen(suite.name, fault));
  if (chosen.length === 0) return;
  console.log(`\n${suite.name}`);
  const problem = suite.problem();
  if (problem !== undefined) return notRun(suite.name, problem);
  const server = await suite.start();
  const results: Result[] = [];
  try {
    for (const fault of chosen) {
      if (performance.now() < until) results.push(tell(await runFault(fault, server)));
      else notRun(`${suite.name}: ${fault.name}`, "no time is left");
    }
  } finally {
    await server.stop();
  }
  if (values.write) await writeTable(suite, results);
}

function isChosen(suite: string, { name, slow }: Fault): boolean {
  if (isShort && slow === true) return false;
  return `${suite}: ${name}`.toLowerCase().includes(values.only.toLowerCase());
}

function notRun(what: string, why: string): void {
  console.log(`  not run: ${what}: ${why}`);
}

function tell(result: Result): Result {
  const { name, problems, noticedMs, rightMs, grownMb } = result;
  const times = `noticed ${seconds(noticedMs)}, right ${seconds(rightMs)}, +${Math.round(grownMb)} MB`;
  console.log(`  ${problems.length === 0 ? "✓" : "✗"} ${name}: ${times}`);
  for (const text of problems) console.log(`      ${text}`);
  if (problems.length > 0) console.log(result.log.map((line) => `      | ${line}`).join("\n"));
  if (problems.length === 0) passed += 1;
  else failed += 1;
  return result;
}
