import { paceInTime } from "../learn/backlog.ts";
import { lastInterval, type Load } from "../learn/learn.ts";
import type { TaskModel } from "../learn/task-model.ts";

/** On the way up what waits is drained in this part of the time that it may wait, and on the way down; but not faster than this part of θ. */
const DRAIN_UP = 0.8;
const DRAIN_DOWN = 0.4;
const DRAIN_HORIZON = 0.3;
/** So much may wait, as a part of the time that a start leaves, before anything is drained; and is let wait before more go. */
const KEEP_UP = 0.4;
const KEEP_DOWN = 0.18;
/** By this part of the time that it may wait every job that waits is to be begun: else more are asked for, and else none go. */
const AHEAD = 0.7;
const IN_TIME = 0.6;
/** What lies ahead if nothing is done. Times in seconds. */
export interface Outlook {
  readonly load: Load;
  /** Jobs that wait now. */
  readonly waiting: number;
  readonly within: number;
  /** θ: until what is asked for now shows: a start and the time between readings. */
  readonly horizon: number;
  /** What those that run and start do until then, as seconds of one instance. */
  readonly instanceSeconds: number;
  /** The part of the time a job may wait that a start leaves, in [0, 1]. */
  readonly slack: number;
  /** How long a job waits that arrives at the horizon; `Infinity` when nobody would serve it. */
  readonly expectedWait: number;
}

/** Looks as far ahead as a start takes. */
export function lookAhead(
  requested: number,
  { seen, startup }: TaskModel,
  load: Load,
  within: number,
): Outlook {
  const { waiting } = seen;
  const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
  const horizon = startupSeconds + tickSeconds;
  let instanceSeconds = seen.running * horizon;
  for (const { at, instances } of startup.pending) {
    const left = Math.max(0, startupSeconds - (seen.at - at) / 1000);
    instanceSeconds += instances * (horizon - left);
  }
  const backlog = Math.max(0, waiting + arrivalRate * horizon - serviceRate * instanceSeconds);
  const expectedWait = backlog === 0 ? 0 : backlog / (serviceRate * requested);
  const slack = Math.max(0, 1 - horizon / within);
  return { load, waiting, within, horizon, instanceSeconds, slack, expectedWait };
}

/** What it takes from the horizon on for every job that waits to be in time. */
export function inTimeAhead(outlook: Outlook, model: TaskModel): number {
  const { load, waiting, within, horizon, instanceSeconds } = outlook;
  const begun = load.serviceRate * instanceSeconds;
  if (waiting <= begun) return 0;
  const least = DRAIN_HORIZON * horizon;
  const deadline = { within: AHEAD * within, delay: horizon, begun, least };
  return wholeInstances(paceInTime(model.marks, lastInterval(model), deadline) / load.serviceRate);
}

/** What it takes from now on for that. Those that still start do nothing for a while: as if all did nothing for a part of it. */
export function inTimeNow(outlook: Outlook, model: TaskModel, requested: number): number {
  const { load, within, horizon, instanceSeconds } = outlook;
  const delay = Math.max(0, horizon - instanceSeconds / requested);
  const least = load.tickSeconds;
  const deadline = { within: IN_TIME * within, delay, begun: 0, least };
  return wholeInstances(paceInTime(model.marks, lastInterval(model), deadline) / load.serviceRate);
}

/** What keeps up with the arrivals and drains what waits, except for a few. */
export function upTo({ load, waiting, within, horizon, slack }: Outlook): number {
  const { arrivalRate, serviceRate } = load;
  const surplus = Math.max(0, waiting - KEEP_UP * within * slack * arrivalRate);
  const drained = surplus / Math.max(DRAIN_UP * within, DRAIN_HORIZON * horizon);
  return wholeInstances((arrivalRate + drained) / serviceRate);
}

/** What keeps up with the arrivals once some wait: less than that while fewer do. */
export function downTo({ load, waiting, within, horizon, slack }: Outlook): number {
  const { arrivalRate, serviceRate } = load;
  const surplus = waiting - KEEP_DOWN * within * slack * arrivalRate;
  const drained = surplus / Math.max(DRAIN_DOWN * within, DRAIN_HORIZON * horizon);
  return wholeInstances((arrivalRate + drained) / serviceRate);
}

function wholeInstances(exact: number): number {
  return Math.ceil(exact - 1e-9);
}
