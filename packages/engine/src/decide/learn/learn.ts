import type { Counts, Reading } from "@microscaling/core";
import type { TargetInput } from "../targets/target.ts";
import { expectedRate, learnArrivals, noArrivals, varianceOf } from "./arrivals.ts";
import { markArrivals, NO_MARKS, type Interval } from "./backlog.ts";
import { asItWas, followLag } from "./follow-lag.ts";
import { followLevel } from "./follow-level.ts";
import { levelRates, unknownLevel } from "./level-filter.ts";
import {
  isKnown,
  keepSnapshot,
  sampleOf,
  snapshotOf,
  type Sample,
  type Snapshot,
} from "./sample.ts";
import { jobsAtOnce, learnAtOnce } from "./at-once.ts";
import { isTooMuch, learnService, noService, serviceRate } from "./service.ts";
import { atLeastPending, learnStartup, openStartup, usualStart } from "./startup.ts";
import type { TaskModel } from "./task-model.ts";

/** Hints from the user, in seconds. */
export interface Hints {
  /** How long a job may wait: the scale of time. > 0 */
  readonly within: number;
  readonly serviceTime: number | undefined;
  readonly startupTime: number | undefined;
  /** How many jobs an instance works on at once, ≥ 1. */
  readonly concurrency?: number | undefined;
}

/** The estimates that a decision uses. */
export interface Load {
  /** The expected jobs per second from now on, λ, and the variance of that. */
  readonly arrivalRate: number;
  readonly arrivalVariance: number;
  /** The same for the lasting rate: at least the expected rate, with the uncertainty of both the arrivals and the work of an instance. */
  readonly lastingRate: number;
  readonly lastingVariance: number;
  /** Whether arrivals were counted, not estimated from the number of jobs. */
  readonly isCounted: boolean;
  /** Jobs per second that one busy instance finishes: μ, > 0. */
  readonly serviceRate: number;
  readonly startupSeconds: number;
  /** The time from one reading to the next. */
  readonly tickSeconds: number;
}

/** Without a hint, a job is assumed to take this fraction of the allowed wait. */
const SERVICE_PRIOR = 0.1;
/** The number of jobs that the prior counts as, and that a hint counts as. */
const PRIOR_JOBS = 1;
const HINT_JOBS = 20;

/** The fastest learning: the time in which one instance finishes this many jobs, however short the allowed wait is. */
const LEAST_SCALE_JOBS = 5;

/** The shortest time between two readings, in milliseconds. */
const LEAST_GAP_MS = 1;
/** If a reading is older than the last one by this much, in milliseconds, the time was set back. */
const SET_BACK_MS = 10_000;

/** What to do with a reading. A reading that is not newer than the last is ignored, unless it is more than ten seconds older. */
export function useOf(model: TaskModel | undefined, { at }: Reading): "begin" | "ignore" | "learn" {
  if (model === undefined || at < model.seen.at - SET_BACK_MS) return "begin";
  return at < model.seen.at + LEAST_GAP_MS ? "ignore" : "learn";
}

/** The state after the first reading, when there is nothing to compare with. */
export function beginLearning(
  { reading, counts }: TargetInput<unknown>,
  { within, concurrency = 1, ...hints }: Hints,
): TaskModel {
  // The time of an instance for one job. If it works on several at once, each takes longer.
  const each = (hints.serviceTime ?? SERVICE_PRIOR * within) / concurrency;
  const jobs = hints.serviceTime === undefined ? PRIOR_JOBS : HINT_JOBS;
  return {
    seen: snapshotOf(reading, counts!),
    lastAt: reading.at,
    gapSeconds: 0,
    earlierGapSeconds: 0,
    arrivals: 0,
    lastArrivals: 0,
    counted: noArrivals(),
    atOnce: { jobs: concurrency, instances: 1 },
    service: noService(jobs, each),
    hasJumped: false,
    startup: openStartup(counts!, reading.at, hints.startupTime),
    level: unknownLevel(1 / each, jobs),
    past: [],
    lag: undefined,
    marks: NO_MARKS,
  };
}

/**
 * Learns from one more reading, newer than the last.
 * @param within how long a job may wait, in seconds: the scale of time
 */
export function learn(
  model: TaskModel,
  { reading, counts }: TargetInput<unknown>,
  within: number,
): void {
  const seen = snapshotOf(reading, counts!);
  followLag(model, seen, within);
  const before = asItWas(model, model.seen);
  const now = asItWas(model, seen);
  learnAtOnce(model.atOnce, before, now, within);
  const sample = sampleOf(before, now, jobsAtOnce(model.atOnce));
  const { seconds, finished, busy } = sample;
  const rate = serviceRate(model.service);
  const scale = within * rate < LEAST_SCALE_JOBS ? LEAST_SCALE_JOBS / rate : within;
  const hasJumped = isJump(before, sample, now, rate);
  const isLeftOut = hasJumped && !model.hasJumped;
  model.hasJumped = hasJumped;
  // If jobs are counted, nothing must be estimated from their number.
  const isCounted = isKnown(sample.arrived);
  if (!isCounted) followLevel(model, before, now, sample, scale);
  const arrived = isCounted ? sample.arrived : model.level.rate * seconds;
  followStartup(model, seen, counts!);
  followBacklog(model, seen, arrived, within);
  model.earlierGapSeconds = model.gapSeconds;
  model.gapSeconds = seconds;
  model.lastAt = model.seen.at;
  keepSnapshot(model.seen, seen);
  model.lastArrivals = model.arrivals;
  model.arrivals += arrived;
  if (isLeftOut) return;
  if (isCounted) {
    const horizon = usualStart(model.startup, within) + seconds;
    learnArrivals(model.counted, arrived / seconds, seconds, scale, horizon);
  }
  if (isKnown(finished) && isKnown(busy))
    learnService(model.service, finished, busy, seconds, scale);
}

/**
 * Whether totals show more arrivals than wait or can have been finished: they belong to another queue, or were corrected. Such totals are ignored only
 * the first time in a row, in case the instances have become much faster.
 */
function isJump(
  before: Snapshot,
  { arrived, finished, seconds }: Sample,
  { waiting, running }: Snapshot,
  rate: number,
): boolean {
  // If the number of finished jobs is not known, no job waited before.
  const gone = isKnown(finished) ? finished : arrived - waiting;
  return isTooMuch(gone, rate, Math.max(running, before.running), seconds);
}

function followStartup(model: TaskModel, { at, running }: Snapshot, counts: Counts): void {
  const { startup, seen } = model;
  const isCalm = startup.pending.length === 0 && counts.starting === 0;
  if (isCalm && running === seen.running) return;
  model.startup = learnStartup(startup, counts, at, seen.at);
}

function followBacklog(
  model: TaskModel,
  { at, waiting }: Snapshot,
  arrived: number,
  within: number,
): void {
  const { marks, arrivals, seen } = model;
  // Also checked here, because it is true in most cases and the rest takes time.
  if (waiting <= arrived) model.marks = NO_MARKS;
  else {
    const interval: Interval = {
      lastAt: seen.at,
      at,
      lastArrived: arrivals,
      arrived: arrivals + arrived,
      waiting,
    };
    model.marks = markArrivals(marks, lastInterval(model), interval, within);
  }
}

/** The change from the previous snapshot to the newest. */
export function lastInterval({ lastAt, lastArrivals, arrivals, seen }: TaskModel): Interval {
  const { at, waiting } = seen;
  return { lastAt, at, lastArrived: lastArrivals, arrived: arrivals, waiting };
}

/**
 * The current estimates.
 * @param within how long a job may wait, in seconds
 */
export function loadOf(model: TaskModel, within: number): Load {
  const { startup, seen, counted, service, gapSeconds, earlierGapSeconds } = model;
  const startupSeconds = atLeastPending(startup, usualStart(startup, within), seen.at);
  // A single gap may come from failed readings.
  const tickSeconds = earlierGapSeconds > 0 ? Math.min(gapSeconds, earlierGapSeconds) : gapSeconds;
  if (!isKnown(counted.usual.rate)) return guessedLoad(model, startupSeconds, tickSeconds);
  const { usual, recent } = counted;
  const arrivalRate = expectedRate(counted);
  const usualVariance = varianceOf(usual);
  const recentVariance = varianceOf(recent);
  const lastingRate = Math.max(usual.rate, arrivalRate);
  const lastingVariance = usual.rate < arrivalRate ? recentVariance : usualVariance;
  return {
    isCounted: true,
    arrivalRate,
    arrivalVariance: arrivalRate === usual.rate ? usualVariance : recentVariance,
    lastingRate,
    // The work of these jobs is as sure as their number.
    lastingVariance: lastingVariance + lastingRate ** 2 / service.usual.jobs,
    serviceRate: serviceRate(service),
    startupSeconds,
    tickSeconds,
  };
}

/** The estimates from only the number of jobs. They are already on the careful side by one standard deviation, so half a deviation more is enough. */
function guessedLoad({ level }: TaskModel, startupSeconds: number, tickSeconds: number): Load {
  const { arrivalRate, ...rates } = levelRates(level);
  return {
    isCounted: false,
    arrivalRate,
    arrivalVariance: level.rateVariance,
    lastingRate: arrivalRate,
    lastingVariance: level.rateVariance / 4,
    serviceRate: rates.serviceRate,
    startupSeconds,
    tickSeconds,
  };
}
