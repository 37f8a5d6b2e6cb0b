import {
  followArrivals,
  openForecast,
  resumeForecast,
  type Ahead,
  type Forecast,
} from "../learn/forecast.ts";
import { readLearned, writeLearned, type Learned } from "../learn/learned.ts";
import type { Load } from "../learn/learn.ts";
import type { TaskModel } from "../learn/task-model.ts";
import { erlangInstances } from "./erlang.ts";
import type { Desired } from "./target.ts";

/** What the target remembers for its forecasts. Updated in place. */
export interface AheadMemory {
  /** Absent while it is not needed. */
  forecast: Forecast | undefined;
  /** How many instances the forecast asks for, at the end of the last minute. */
  instances: number;
}

/** The purpose of a forecast. */
export interface AheadInput {
  /** How long a job may wait, in seconds. */
  readonly within: number;
  readonly isOff: boolean;
  /** The largest number of instances that the task may have. */
  readonly max: number;
}

/**
 * Fractions of the allowed wait. If a start takes less than the first, there is enough time to act when the jobs have arrived, so the load is forgotten. If
 * it takes more than the second, the load is learned. In between, what was learned is kept.
 */
const NOT_NEEDED = 0.25;
const NEEDED = 0.5;
/** The fraction of the allowed wait that a job may wait for the rest of a rise, and the standard deviations of chance that this includes. */
const ALLOWED = 0.5;
const ALLOWED_DEVIATIONS = 2;
/** The fraction of jobs that may wait longer than allowed at the expected rate. */
const LATE = 0.001;

/** The state before the first reading, or after the clock was set back. @param learned what an earlier run learned, as {@link TargetInput.learned} */
export function openAhead(
  at: number,
  before: AheadMemory | undefined,
  learned: unknown,
): AheadMemory {
  const forecast = before === undefined ? readLearned(learned) : before.forecast;
  if (forecast !== undefined) resumeForecast(forecast, at);
  return { forecast, instances: 0 };
}

/**
 * Learns from the newest reading, after the model has.
 * @returns the least number of instances that the forecast asks for; 0 if no forecast has proved right
 */
export function instancesAhead(
  memory: AheadMemory,
  { seen, lastAt, arrivals, lastArrivals, hasJumped, startup }: TaskModel,
  { startupSeconds, tickSeconds, serviceRate }: Load,
  { within, isOff, max }: AheadInput,
): number {
  if (isOff) return 0;
  const lead = startupSeconds + tickSeconds;
  if (memory.forecast === undefined) {
    // Not before a start was seen or the user has set its duration, because thousands of tasks need no forecast.
    if (lead <= NEEDED * within || startup.mean === undefined) return 0;
    memory.forecast = openForecast(seen.at);
    return 0;
  }
  const jobs = hasJumped ? Number.NaN : arrivals - lastArrivals;
  if (!followArrivals(memory.forecast, { lastAt, at: seen.at, jobs }, { lead, serviceRate }))
    return memory.instances;
  if (lead <= NEEDED * within) memory.forecast.ahead = undefined;
  if (lead <= NOT_NEEDED * within) memory.forecast = undefined;
  const ahead = memory.forecast?.ahead;
  memory.instances = ahead === undefined ? 0 : neededAhead(ahead, { lead, within, max });
  return memory.instances;
}

/**
 * How many instances must run when a rise comes so that every job is in time, if the rest is requested only then and runs after the lead θ. With N
 * instances, at most B = (λ − μ·N)·θ jobs wait by then, and a job waits for B / λ = θ·(1 − μ·N/λ). Allowed are W/2 minus two standard deviations
 * √(2·λ·θ) of the queue by chance. The other half is for noticing the rise, and for a rate that is higher than expected. So N = λ/μ · (1 − allowed/θ).
 * It is never more than Erlang C needs for that rate, and exactly that if chance alone takes all of W/2.
 */
function neededAhead(
  { rate, serviceRate }: Ahead,
  { lead, within, max }: { readonly lead: number; readonly within: number; readonly max: number },
): number {
  const allowed = ALLOWED * within - ALLOWED_DEVIATIONS * Math.sqrt((2 * lead) / rate);
  const enough = Math.ceil((rate / serviceRate) * (1 - allowed / lead));
  const most = allowed > 0 ? Math.min(enough, max) : max;
  return erlangInstances(rate, serviceRate, within, LATE, most);
}

/** Raises the number of the rule that follows the load to what the forecast asks for. */
export function atLeast<Memory>(
  least: number,
  desired: Desired<Memory>,
  requested: number,
): Desired<Memory> {
  if (desired.instances >= least) return desired;
  const reason = least === requested ? "meeting" : least > requested ? "above" : "below";
  return { ...desired, instances: least, reason };
}

/** The data that is kept across a restart. */
export function learnedAhead({ forecast }: AheadMemory): Learned | undefined {
  return forecast === undefined ? undefined : writeLearned(forecast);
}

/** The forecast for `/state`, if there is one. */
export function aheadOf({ forecast }: AheadMemory): Ahead | undefined {
  return forecast?.ahead;
}
