import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { inTempFolder, root, run, type Ended, type Result, type Step } from "./step.ts";

/** The part of Vitest's JSON report that is used. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly FileReport[];
}

interface FileReport {
  readonly name: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

/** A run of Vitest, counted test by test. */
export function vitestStep(name: string, env: Record<string, string>): Step {
  return {
    name,
    run: () =>
      inTempFolder(async (folder) => {
        const file = join(folder, "report.json");
        const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
        const ended = await run(["vitest", "run", ...reporters], {
          env: { NO_COLOR: "1", ...env },
        });
        return count(ended, readReport(file));
      }),
  };
}

function readReport(file: string): Report | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : undefined;
}

/** A run with an exit code other than 0 has failed even if no test did, for example if a file cannot be loaded. */
function count({ code, output }: Ended, report: Report | undefined): Result {
  const failed = report?.numFailedTests ?? 0;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: code === 0 ? failed : Math.max(1, failed),
    skipped: (report?.testResults ?? []).flatMap(skippedIn),
    output,
  };
}

function skippedIn(file: FileReport): string[] {
  const where = relative(root, file.name);
  const tests = file.assertionResults;
  const skipped = tests.filter(({ status }) => status !== "passed" && status !== "failed");
  if (skipped.length === 0) return [];
  if (skipped.length === tests.length) return [`${where} (${tests.length} tests)`];
  return skipped.map(({ fullName }) => `${where}: ${fullName}`);
}
