import {
  buildElasticmq,
  buildKubernetes,
  buildNsq,
  dockerProblem,
  elasticmqProblem,
  kubernetesProblem,
  nsqProblem,
} from "@microscaling/test-servers";
import { faultsStep } from "./faults.ts";
import { fail, pass, type Result, type Step } from "./step.ts";
import { systemPackagesStep } from "./system-packages.ts";
import { vitestStep } from "./vitest.ts";

/** Why a kind of server is not available on this machine, or `undefined`. */
type Problem = () => string | undefined;

/** The suites that use real servers. `required` makes a missing server a failure. `install` installs system packages. */
export function serverSteps({
  install,
  required,
}: {
  install: boolean;
  required: boolean;
}): Step[] {
  return [
    ...(install ? [systemPackagesStep] : []),
    serverStep("NSQ", { findProblem: nsqProblem, prepare: buildNsq, required }),
    serverStep("Kubernetes", {
      findProblem: kubernetesProblem,
      prepare: buildKubernetes,
      required,
    }),
    serverStep("Docker Engine", { findProblem: dockerProblem, required }),
    serverStep("ElasticMQ", { findProblem: elasticmqProblem, prepare: buildElasticmq, required }),
    vitestStep("tests with real servers", { MICROSCALING_SERVERS: "1" }),
    faultsStep,
  ];
}

interface Server {
  readonly findProblem: Problem;
  /** Builds the servers that take long to build, so that no test waits for them. */
  readonly prepare?: () => Promise<void>;
  readonly required: boolean;
}

function serverStep(name: string, { findProblem, prepare, required }: Server): Step {
  return {
    name: `${name} for the tests`,
    async run(): Promise<Result> {
      const problem = findProblem();
      if (problem === undefined) {
        await prepare?.();
        return pass();
      }
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
