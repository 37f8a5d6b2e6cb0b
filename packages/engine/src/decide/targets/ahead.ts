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

/** What the target remembers of what lies ahead. Updated in place. */
export interface AheadMemory {
  /** Nothing while it is not needed. */
  forecast: Forecast | undefined;
  /** How many instances the forecast asks for; as of the end of the last minute. */
  instances: number;
}

/** Which tasks, and how many. */
export interface AheadInput {
  /** How long a job may wait, in seconds. */
  readonly within: number;
  readonly isOff: boolean;
  /** The most instances that the task may have. */
  readonly max: number;
}

/**
 * Where a start takes less than the first part of the time that a job may wait, there is time enough to act once the jobs are there. Where it
 * takes more than the second, the load is learned; in between, what was learned stays.
 */
const NOT_NEEDED = 0.25;
const NEEDED = 0.5;
/** The part of the time that a job may wait which it may wait for the rest of a rise, and how many standard deviations of chance that includes. */
const ALLOWED = 0.5;
const ALLOWED_DEVIATIONS = 2;
/** The part of the jobs that may wait longer than allowed at the rate expected. */
const LATE = 0.001;

/** Before the first reading, or after the clock was set back. @param learned what a former run had learned, as {@link TargetInput.learned} */
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
 * @returns how many instances the forecast asks for at least; 0 where nothing is proved
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
    // Not before a start was seen, or a user has said what it takes: thousands of tasks need none.
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
 * How many must be there when a rise comes for every job to be in time, if the rest is asked for only then and comes after the lead θ. With N of them
 * B = (λ − μ·N)·θ jobs wait by then at the most, and a job as long as B / λ = θ·(1 − μ·N/λ). That may be W/2, less two standard deviations √(2·λ·θ)
 * of the queue by chance: the other half is for noticing the rise, and for a rate that is greater than expected. So N = λ/μ · (1 − allowed/θ).
 * Never more than Erlang C asks for if that rate is to last, and as many where chance alone takes all of W/2.
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

/** Never fewer than the forecast asks for, whatever the rule that follows the load says. */
export function atLeast<Memory>(
  least: number,
  desired: Desired<Memory>,
  requested: number,
): Desired<Memory> {
  if (desired.instances >= least) return desired;
  const reason = least === requested ? "meeting" : least > requested ? "above" : "below";
  return { ...desired, instances: least, reason };
}

/** What outlives a restart. */
export function learnedAhead({ forecast }: AheadMemory): Learned | undefined {
  return forecast === undefined ? undefined : writeLearned(forecast);
}

/** For `/state`: what the forecast says, if it says anything. */
export function aheadOf({ forecast }: AheadMemory): Ahead | undefined {
  return forecast?.ahead;
}
