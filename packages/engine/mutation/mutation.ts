// `npm run mutation [-- --only <part> [--only <part>]]`: changes the engine bit by bit, and tells which changes no test notices. Here under Node 24.
import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { compare, scoresOf, tableOf, totalOf, type Accepted, type Mutant } from "./report.ts";

/** The score that all parts together must reach, in percent. */
const BAR = 90;
const PARTS = ["src/{observe,decide,act}/**/*.ts", "src/{step,moment,state}.ts"];

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true, default: [""] } },
});
process.chdir(join(import.meta.dirname, ".."));
const all = globSync(PARTS);
const parts = values.only.map((only) => all.filter((file) => file.startsWith(join("src", only))));
const unknownPart = values.only.find((_, i) => parts[i]!.length === 0);
if (unknownPart !== undefined) {
  process.stderr.write(
    `--only ${unknownPart}: expected the start of a path below src, such as act/ledger\n`,
  );
  process.exit(2);
}
const files = [...new Set(parts.flat())];

const found = await new Stryker({
  plugins: ["@stryker-mutator/vitest-runner", "./mutation/texts.ts"],
  testRunner: "vitest",
  vitest: { configFile: "mutation/vitest.config.ts", related: false },
  mutate: files,
  ignorers: ["texts"],
  // Vite finds the one above the copy instead, whose paths are right.
  ignorePatterns: ["tsconfig.json", "dist", "reports"],
  reporters: ["progress-append-only"],
  coverageAnalysis: "perTest",
  concurrency: 2,
  // Beyond one and a half times what the tests take. One mutant in twelve never ends.
  timeoutMS: 3000,
  // Types are erased, not checked.
  disableTypeChecks: false,
  // A test that changes under its old name is not noticed. Delete the file to begin anew.
  incremental: true,
  incrementalFile: "reports/incremental.json",
  tempDirName: ".stryker-tmp",
}).runMutationTest();

// What is known of other files from before is told, too.
const asked = found.filter(({ fileName }) => files.includes(relative(".", fileName)));
const mutants = asked.map((mutant): Mutant => {
  const { start, end } = mutant.location;
  const lines = readFileSync(mutant.fileName, "utf8").split("\n");
  // Lines and columns are counted from 1.
  const covered = lines.slice(start.line - 1, end.line);
  covered[covered.length - 1] = covered.at(-1)!.slice(0, end.column - 1);
  covered[0] = covered[0]!.slice(start.column - 1);
  return {
    file: relative("src", mutant.fileName),
    line: start.line,
    code: lines[start.line - 1]!.trim(),
    was: shortened(covered.join("\n")),
    becomes: shortened(mutant.replacement),
    status: mutant.status,
  };
});

/** In one line, and not all of a long one. */
function shortened(code: string): string {
  const line = code.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

const accepted = JSON.parse(readFileSync("mutation/survivors.json", "utf8")) as Accepted[];
const { unknown, gone } = compare(mutants, accepted);
const scores = scoresOf(mutants);
const total = totalOf(scores);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
say(tableOf(scores));
for (const entry of gone) say(`no longer survives: ${JSON.stringify(entry)}`);
for (const { line, status: _, ...rest } of unknown)
  say(`survives at line ${line}: ${JSON.stringify({ ...rest, reason: "" })}`);
if (unknown.length > 0)
  say(
    `${unknown.length} mutants survive that mutation/survivors.json does not list. Write a test for each, or list it with a reason.`,
  );
process.exitCode =
  100 * total.killed >= BAR * total.all && unknown.length + gone.length === 0 ? 0 : 1;
