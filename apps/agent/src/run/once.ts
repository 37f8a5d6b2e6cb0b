import type { DecisionRecord } from "@microscaling/core";
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
  const logger = log.logger.child({ component: "engine" });
  const engine = createEngine(config.spec, {
    clock,
    logger,
    monitors: [],
    random: Math.random,
    dryRun,
  });
  try {
    const record = await engine.once({ act });
    return { config, record, state: engine.state() };
  } finally {
    await config.close();
  }
}

/** Logs what one turn changed and what kept it from doing more. */
export async function logOnce({ record, state }: OnceResult, { log }: PartsRequest): Promise<void> {
  await createChangeLog(log.logger).report(record, AbortSignal.abort());
  for (const { name, problem } of state.tasks)
    if (problem !== undefined) log.logger.error(`${name}: ${problem}`, { task: name });
  if (state.schedulerProblem !== undefined) log.logger.error(state.schedulerProblem);
}

/** Whether everything could be read, and was done. */
export function isWhole({ state }: OnceResult): boolean {
  return (
    state.schedulerProblem === undefined && state.tasks.every((task) => task.problem === undefined)
  );
}
