import { MicroscalingError, silentLogger, type DecisionRecord } from "@microscaling/core";
import { createEngine, type EngineState } from "@microscaling/engine";
import { createChangeLog } from "../log/change-log.ts";
import type { LoadedConfig } from "../config/index.ts";
import { adopt, readConfig, type PartsRequest } from "./parts.ts";

/** The result of one turn. */
export interface OnceResult {
  readonly config: LoadedConfig;
  readonly record: DecisionRecord;
  readonly state: EngineState;
}

/**
 * Reads everything once and decides; with `act` it also asks the scheduler once and waits for the outcomes.
 * @throws MicroscalingError if the config has mistakes. Nothing has been changed then.
 */
export async function runOnce(request: PartsRequest, act: boolean): Promise<OnceResult> {
  const { log, clock, dryRun } = request;
  const config = await readConfig(request);
  adopt(log, config);
  for (const warning of config.warnings) log.logger.warn(warning);
  try {
    refuseHa(config, act);
    const engine = createEngine(config.spec, {
      clock,
      // Its state has everything that it would log, and a plan shows the state.
      logger: act ? log.logger.child({ component: "engine" }) : silentLogger,
      monitors: [],
      random: Math.random,
      dryRun,
    });
    const record = await engine.once({ act });
    return { config, record, state: engine.state() };
  } finally {
    await config.close();
  }
}

/** One turn is too short to find out whether another agent leads. */
function refuseHa({ spec: { ha }, origin }: LoadedConfig, act: boolean): void {
  if (!act || ha === undefined) return;
  throw new MicroscalingError(
    "ERR_USAGE",
    `\`run --once\` does not work with ha, because it would act at the same time as the agent that has the lease ${ha.lease}; found ha in ${origin}. Use \`microscaling plan\`, or a config without ha`,
  );
}

/** Logs what one turn changed, and what limited it. */
export async function logOnce(
  { record, state }: OnceResult,
  { log, clock }: PartsRequest,
): Promise<void> {
  await createChangeLog(log.logger, clock).report(record, AbortSignal.abort());
  const shared = sharedProblems(state);
  for (const problem of shared) log.logger.error(problem);
  for (const { name: task, problem, problemCode: code } of state.tasks) {
    if (problem === undefined || shared.some((known) => problem.includes(known))) continue;
    log.logger.error(`${task}: ${problem}`, { task, ...(code === undefined ? {} : { code }) });
  }
}

/** The problems of the scheduler that concern all tasks, each of them once. */
export function sharedProblems({ capacityProblem, schedulerProblem }: EngineState): string[] {
  const all = [capacityProblem, schedulerProblem].filter((one) => one !== undefined);
  return [...new Set(all)];
}

/** Whether everything could be read and done. */
export function isWhole({ state }: OnceResult): boolean {
  return (
    state.schedulerProblem === undefined &&
    state.capacityProblem === undefined &&
    state.tasks.every((task) => task.problem === undefined)
  );
}
