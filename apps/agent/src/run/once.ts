import { MicroscalingError, silentLogger, type DecisionRecord } from "@microscaling/core";
import { createEngine, type EngineState } from "@microscaling/engine";
import { createChangeLog } from "../log/change-log.ts";
import type { LoadedConfig } from "../config/index.ts";
import { adopt, readConfig, type PartsRequest } from "./parts.ts";

/** What one turn showed. */
export interface OnceResult {
  readonly config: LoadedConfig;
  readonly record: DecisionRecord;
  readonly state: EngineState;
}

/**
 * Reads everything once and decides; with `act` it also asks the scheduler once and waits for the outcomes.
 * @throws MicroscalingError when the config is bad; nothing has been touched then.
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
      // What it would log is in its state, too, which a plan shows.
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
    `expected no ha with \`run --once\`, which would act beside the agent that has the lease ${ha.lease}; found ha in ${origin}: use \`microscaling plan\`, or a config without ha`,
  );
}

/** Logs what one turn changed and what kept it from doing more. */
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

/** What is wrong with the scheduler, for all tasks; each of it once. */
export function sharedProblems({ capacityProblem, schedulerProblem }: EngineState): string[] {
  const all = [capacityProblem, schedulerProblem].filter((one) => one !== undefined);
  return [...new Set(all)];
}

/** Whether everything could be read, and was done. */
export function isWhole({ state }: OnceResult): boolean {
  return (
    state.schedulerProblem === undefined &&
    state.capacityProblem === undefined &&
    state.tasks.every((task) => task.problem === undefined)
  );
}
