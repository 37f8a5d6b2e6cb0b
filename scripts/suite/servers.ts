import { dockerProblem, nsqProblem } from "@microscaling/test-servers";
import { fail, pass, type Result, type Step } from "./step.ts";
import { systemPackagesStep } from "./system-packages.ts";
import { vitestStep } from "./vitest.ts";

/** Why a kind of server cannot be had on this machine, or `undefined`; brings it on the way. */
type Problem = () => Promise<string | undefined>;

/** The suites that drive real servers: `required` makes a missing server a failure, `install` brings system packages. */
export function serverSteps({
  install,
  required,
}: {
  install: boolean;
  required: boolean;
}): Step[] {
  return [
    ...(install ? [systemPackagesStep] : []),
    serverStep("NSQ", nsqProblem, required),
    serverStep("Docker Engine", dockerProblem, required),
    vitestStep("tests with real servers", { MICROSCALING_SERVERS: "1" }),
  ];
}

function serverStep(name: string, findProblem: Problem, required: boolean): Step {
  return {
    name: `${name} for the tests`,
    async run(): Promise<Result> {
      const problem = await findProblem();
      if (problem === undefined) return pass();
      if (required) return fail(problem);
      return {
        passed: 0,
        failed: 0,
        skipped: [`suites that need ${name}: ${problem}`],
        output: "",
      };
    },
  };
}
