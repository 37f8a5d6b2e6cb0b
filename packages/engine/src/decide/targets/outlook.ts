import { paceInTime, type Deadline } from "../learn/backlog.ts";
import { lagOf } from "../learn/follow-lag.ts";
import { lastInterval, type Load } from "../learn/learn.ts";
import { arrivedSince, waitingNow } from "../learn/present.ts";
import { isKnown } from "../learn/sample.ts";
import type { TaskModel } from "../learn/task-model.ts";
import { byChance, IN_TIME, type Demand } from "./level.ts";

/** The fraction of the allowed wait by which every waiting job must begin after a step down. The rest is for chance. */
const DOWN_IN_TIME = 0.5;
/** Jobs that are already late are made up for in this fraction of the time until a start shows. */
const CATCH_UP = 0.3;

/** Where arrivals are not counted it is a guess when a job came, so that jobs are to wait no longer than this part: less where jobs in flight are not counted either. */
const GUESSED = 0.8;
const GUESSED_BY_LENGTH = 0.6;

/** The prediction if nothing changes. Rates are in jobs per second, times in seconds. */
export interface Outlook extends Demand {
  readonly load: Load;
  /** The jobs that wait now. */
  readonly waiting: number;
  /** The age of the counts of jobs. What happened since then is predicted, not observed. */
  readonly lagSeconds: number;
  /** The time until an instance requested now works: the horizon minus the lag. */
  readonly startsIn: number;
  /** The work of running and starting instances in that time, in seconds of one instance. */
  readonly instanceSeconds: number;
  /** The jobs that wait at the horizon. */
  readonly backlog: number;
  readonly requested: number;
}

/** Predicts as far ahead as a start takes. */
export function lookAhead(
  requested: number,
  model: TaskModel,
  load: Load,
  within: number,
  calmSeconds: number,
): Outlook {
  const { seen, startup } = model;
  const lagSeconds = lagOf(model);
  const waiting = lagSeconds === 0 ? seen.waiting : waitingNow(model, load, lagSeconds);
  const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
  const startsIn = startupSeconds + tickSeconds;
  let instanceSeconds = seen.running * startsIn;
  for (const { at, instances } of startup.pending) {
    const left = Math.max(0, startupSeconds - (seen.at - at) / 1000);
    instanceSeconds += instances * (startsIn - left);
  }
  const backlog = Math.max(0, waiting + arrivalRate * startsIn - serviceRate * instanceSeconds);
  return {
    load,
    waiting,
    requested,
    serviceRate,
    within: surelyWithin(model, load, within),
    horizon: startsIn + lagSeconds,
    startsIn,
    lagSeconds,
    calmSeconds,
    instanceSeconds,
    backlog,
  };
}

/** Whether only the number of waiting jobs is known. */
export function isLengthAlone({ seen }: TaskModel, { isCounted }: Load): boolean {
  return !isCounted && !isKnown(seen.inFlight);
}

function surelyWithin(model: TaskModel, load: Load, within: number): number {
  if (load.isCounted) return within;
  return (isLengthAlone(model, load) ? GUESSED_BY_LENGTH : GUESSED) * within;
}

/**
 * How many instances are needed so that every job is in time, if they are requested in `delay` seconds; `Infinity` if that is too late for some jobs.
 *
 * The k-th waiting job is `age` old. When a start shows, at t = θ + delay, the running instances have begun some jobs. From then on, the greatest of
 * (k − begun) / (W − age − t) jobs per second is needed. Future jobs need no more than that or λ, because (q + λ·s − begun) / (W + s − t) lies between
 * the two for every s, unless W < t. In that case, the running instances must be enough for the jobs that arrive in the next t − W seconds.
 */
export function inTimeInstances(outlook: Outlook, model: TaskModel, delay: number): number {
  const { waiting, within, load, serviceRate, requested, startsIn, lagSeconds } = outlook;
  const { arrivalRate, arrivalVariance } = load;
  const shows = startsIn + delay;
  const begun = serviceRate * (outlook.instanceSeconds + delay * requested);
  const late = shows - IN_TIME * within;
  if (late > 0) {
    const chance = byChance(2 * arrivalRate * shows + arrivalVariance * late ** 2);
    if (waiting + arrivalRate * late + chance > begun) return Number.POSITIVE_INFINITY;
  }
  // What came and went since the jobs were counted is also subject to chance.
  const surely = Math.max(0, begun - byChance(begun + 2 * arrivalRate * lagSeconds));
  if (waiting <= surely) return 0;
  const deadline = {
    within: IN_TIME * within,
    delay: shows,
    begun: surely,
    least: CATCH_UP * startsIn,
  };
  const pace = paceOf(outlook, model, deadline);
  // Each further instance takes one job at once, so never more instances than jobs that no other instance begins.
  return Math.min(wholeInstances(pace / serviceRate), requested + Math.ceil(waiting - surely));
}

/** How many instances are needed from now on. Starting instances do nothing for a while, which counts as if all did nothing for a part of it. */
export function enoughInstances(outlook: Outlook, model: TaskModel): number {
  const { load, within, startsIn, instanceSeconds, requested, serviceRate, waiting } = outlook;
  if (waiting === 0) return 0;
  const delay = Math.max(0, startsIn - instanceSeconds / requested);
  const deadline = { within: DOWN_IN_TIME * within, delay, begun: 0, least: load.tickSeconds };
  return wholeInstances(paceOf(outlook, model, deadline) / serviceRate);
}

/** How many jobs per second must begin, including those that arrived since the jobs were counted. */
function paceOf(outlook: Outlook, model: TaskModel, deadline: Deadline): number {
  const { load, within, waiting, lagSeconds } = outlook;
  if (lagSeconds === 0) return paceInTime(model.marks, lastInterval(model), deadline);
  const { marks, interval } = arrivedSince(model, load, lagSeconds, waiting, within);
  return paceInTime(marks, interval, deadline);
}

function wholeInstances(exact: number): number {
  return Math.ceil(exact - 1e-9);
}
