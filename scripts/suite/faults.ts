import { run, type Result, type Step } from "./step.ts";

/** The time for all faults together, in minutes. */
const MINUTES = 10;

/** Runs as many faults of docs/reliability.md as fit into ten minutes. */
export const faultsStep: Step = {
  name: "faults on real servers",
  async run(): Promise<Result> {
    const command = ["node", "scripts/faults/main.mjs", `--minutes=${MINUTES}`];
    const { code, output } = await run(command);
    const [, passed = "0", failed = "0"] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
    const skipped = [...output.matchAll(/^ {2}not run: (.*)$/gm)].map(
      ([, what]) => `fault of ${what}`,
    );
    return {
      passed: Number(passed),
      failed: code === 0 ? Number(failed) : Math.max(1, Number(failed)),
      skipped,
      output,
    };
  },
};
