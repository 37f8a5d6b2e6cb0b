import { paceInTime } from "../learn/backlog.ts";
import type { Load } from "../learn/learn.ts";
import { presentQueue, type Queue } from "../learn/queue.ts";
import type { TaskModel } from "../learn/task-model.ts";
import { byChance, IN_TIME, type Demand } from "./level.ts";

/** After a step down every job that waits is to be begun by this part of the time that it may wait: the rest is for chance. */
const DOWN_IN_TIME = 0.5;
/** What is late already is made up for in this part of the time until a start shows. */
const CATCH_UP = 0.3;

/** Where the length of the queue is all that is seen, it is also a guess when a job came, so that jobs are to wait no longer than this part. */
const GUESSED = 0.8;

/** What lies ahead if nothing is done. Rates in jobs a second, times in seconds. */
export interface Outlook extends Demand {
  readonly load: Load;
  /** The queue as it is now, and the jobs that wait in it. */
  readonly queue: Queue;
  readonly waiting: number;
  /** Until what is asked for now starts to work: θ without the lag of the counts. */
  readonly startsIn: number;
  /** What those that run and start do until the horizon, as seconds of one instance. */
  readonly instanceSeconds: number;
  /** Jobs that wait at the horizon. */
  readonly backlog: number;
  readonly requested: number;
}

/** Looks as far ahead as a start takes. */
export function lookAhead(
  requested: number,
  model: TaskModel,
  load: Load,
  within: number,
): Outlook {
  const { seen, startup } = model;
  const queue = presentQueue(model, load, within);
  const { waiting } = queue.interval;
  const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
  const startsIn = startupSeconds + tickSeconds;
  let instanceSeconds = seen.running * startsIn;
  for (const { at, instances } of startup.pending) {
    const left = Math.max(0, startupSeconds - (seen.at - at) / 1000);
    instanceSeconds += instances * (startsIn - left);
  }
  const backlog = Math.max(0, waiting + arrivalRate * startsIn - serviceRate * instanceSeconds);
  const cautious = load.isCounted ? within : GUESSED * within;
  const horizon = startsIn + queue.lagSeconds;
  const demand = { arrivalRate, serviceRate, within: cautious, horizon };
  return { ...demand, load, queue, waiting, startsIn, instanceSeconds, backlog, requested };
}

/**
 * How many instances it takes for every job to be in time, if they are asked for in `delay` seconds; `Infinity` if that is too late for some.
 *
 * The k-th job that waits is `age` old. By the time that a start shows, in t = θ + delay, those that are there have begun some. From then on
 * it takes the greatest of (k − begun) / (W − age − t) jobs a second. Jobs that are still to come need no more than that or λ, since
 * (q + λ·s − begun) / (W + s − t) lies between both for every s, unless W < t. Then those that come in the next t − W seconds must find
 * the instances that are there enough.
 */
export function inTimeInstances(outlook: Outlook, delay: number): number {
  const { queue, waiting, within, startsIn, load, serviceRate, arrivalRate, requested } = outlook;
  const shows = startsIn + delay;
  const begun = serviceRate * (outlook.instanceSeconds + delay * requested);
  const late = shows - IN_TIME * within;
  if (late > 0) {
    const chance = byChance(2 * arrivalRate * shows + load.arrivalVariance * late ** 2);
    if (waiting + arrivalRate * late + chance > begun) return Number.POSITIVE_INFINITY;
  }
  // What came and went since the counts were taken is as much a matter of chance.
  const surely = Math.max(0, begun - byChance(begun + 2 * arrivalRate * queue.lagSeconds));
  if (waiting <= surely) return 0;
  const deadline = {
    within: IN_TIME * within,
    delay: shows,
    begun: surely,
    least: CATCH_UP * startsIn,
  };
  const pace = paceInTime(queue.marks, queue.interval, deadline);
  // One more takes one job at once, so never more than there are jobs that nobody begins.
  return Math.min(wholeInstances(pace / serviceRate), requested + Math.ceil(waiting - surely));
}

/** How many it takes from now on. Those that still start do nothing for a while: as if all did nothing for a part of it. */
export function enoughInstances(outlook: Outlook): number {
  const { load, queue, within, startsIn, instanceSeconds, requested, serviceRate, waiting } =
    outlook;
  if (waiting === 0) return 0;
  const delay = Math.max(0, startsIn - instanceSeconds / requested);
  const deadline = { within: DOWN_IN_TIME * within, delay, begun: 0, least: load.tickSeconds };
  return wholeInstances(paceInTime(queue.marks, queue.interval, deadline) / serviceRate);
}

function wholeInstances(exact: number): number {
  return Math.ceil(exact - 1e-9);
}
