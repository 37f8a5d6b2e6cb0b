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
  memory.instances =
    ahead === undefined ? 0 : erlangInstances(ahead.rate, ahead.serviceRate, within, LATE, max);
  return memory.instances;
}

/** What outlives a restart. */
export function learnedAhead({ forecast }: AheadMemory): Learned | undefined {
  return forecast === undefined ? undefined : writeLearned(forecast);
}

/** For `/state`: what the forecast says, if it says anything. */
export function aheadOf({ forecast }: AheadMemory): Ahead | undefined {
  return forecast?.ahead;
}
