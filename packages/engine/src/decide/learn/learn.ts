import type { Counts } from "@microscaling/core";
import type { TargetInput } from "../targets/target.ts";
import { learnArrivals, type ArrivalRate } from "./arrivals.ts";
import { markArrivals, NO_MARKS, type Marks } from "./backlog.ts";
import { sampleOf, see, type Sample, type Seen } from "./sample.ts";
import { learnService, serviceRate, type Service } from "./service.ts";
import { learnSlope, relaxSlope, slopeRates, unknownSlope, type Slope } from "./slope.ts";
import { learnStartup, startupSeconds, type Startup } from "./startup.ts";

/** What the user says beforehand, in seconds. */
export interface Hints {
  /** How long a job may wait: the scale of time. > 0 */
  readonly within: number;
  readonly serviceTime: number | undefined;
  readonly startupTime: number | undefined;
}

/** What has been learned of one task. */
export interface Learned {
  readonly seen: Seen;
  /** Between the newest readings, in seconds; 0 while there is only one. */
  readonly gap: number;
  readonly startup: Startup;
  /** From counted arrivals; absent while none could be counted. */
  readonly arrivals: ArrivalRate | undefined;
  /** From counted completions. */
  readonly service: Service;
  /** From the level of jobs alone, for backends that count neither. */
  readonly slope: Slope;
  /** How many jobs have arrived since the first reading, and when those that wait did. */
  readonly arrived: number;
  readonly marks: Marks;
}

/** What a decision goes by. */
export interface Load {
  /** Jobs a second: λ. */
  readonly arrivalRate: number;
  /** Jobs a second that one busy instance finishes: μ, > 0. */
  readonly serviceRate: number;
  readonly startupSeconds: number;
  /** From one reading to the next. */
  readonly tickSeconds: number;
}

/** Without a hint a job is taken to need this part of the time that it may wait. */
const SERVICE_PRIOR = 0.1;
/** How many jobs the prior counts for, and how many a hint. */
const PRIOR_JOBS = 1;
const HINT_JOBS = 20;

/** Nothing is learned faster than one instance finishes so many jobs, however short a wait is asked for. */
const LEAST_SCALE_JOBS = 5;

/** Learns from one more reading. */
export function learn(
  before: Learned | undefined,
  { at, value, parts, counts }: TargetInput<unknown>,
  hints: Hints,
): Learned {
  const seen = see(at, value, parts, counts!);
  if (before === undefined) return nothingLearned(seen, counts!, hints);
  const sample = sampleOf(before.seen, seen);
  if (sample.seconds <= 0) return before;
  const scale = Math.max(hints.within, LEAST_SCALE_JOBS / serviceRate(before.service));
  // Where jobs are counted, nothing need be guessed from their level.
  const isCounted = sample.arrived !== undefined;
  const slope = isCounted ? before.slope : nextSlope(before, sample, seen, scale);
  const arrived = before.arrived + (sample.arrived ?? slope.rate * sample.seconds);
  const { at: lastAt } = before.seen;
  const looks = { lastAt, lastArrived: before.arrived, arrived, waiting: seen.waiting };
  return {
    seen,
    gap: sample.seconds,
    startup: learnStartup(before.startup, counts!, at, lastAt, hints.startupTime),
    arrivals: nextArrivals(before, sample, scale),
    service: nextService(before, sample, scale),
    slope,
    arrived,
    marks: markArrivals(before.marks, looks, hints.within),
  };
}

function nothingLearned(seen: Seen, counts: Counts, { within, ...hints }: Hints): Learned {
  const each = hints.serviceTime ?? SERVICE_PRIOR * within;
  const jobs = hints.serviceTime === undefined ? PRIOR_JOBS : HINT_JOBS;
  return {
    seen,
    gap: 0,
    startup: learnStartup(undefined, counts, seen.at, seen.at, hints.startupTime),
    arrivals: undefined,
    service: { jobs, busySeconds: jobs * each, isDoubtful: false },
    slope: unknownSlope(1 / each, jobs),
    arrived: 0,
    marks: NO_MARKS,
  };
}

function nextArrivals(
  { arrivals }: Learned,
  { arrived, seconds }: Sample,
  scale: number,
): ArrivalRate | undefined {
  if (arrived === undefined) return arrivals;
  return learnArrivals(arrivals, arrived / seconds, seconds, scale);
}

function nextService({ service }: Learned, sample: Sample, scale: number): Service {
  const { finished, busy, seconds } = sample;
  if (finished === undefined || busy === undefined) return service;
  return learnService(service, finished, busy, seconds, scale);
}

function nextSlope(
  { slope }: Learned,
  sample: Sample,
  { waiting, running }: Seen,
  scale: number,
): Slope {
  const { rise, busy, seconds, isCensored } = sample;
  if (rise !== undefined && busy !== undefined)
    return learnSlope(slope, { rise: rise / seconds, busy, isCensored }, seconds, scale);
  return waiting > 0 ? slope : relaxSlope(slope, running, seconds, scale);
}

/**
 * What is believed now.
 * @param before what was learned before the newest reading
 */
export function loadOf(learned: Learned, before: Learned, hints: Hints): Load {
  const { seen, gap, startup, arrivals, service, slope } = learned;
  const guessed = arrivals === undefined ? slopeRates(slope) : undefined;
  return {
    arrivalRate: guessed?.arrivalRate ?? arrivals?.rate ?? 0,
    serviceRate: guessed?.serviceRate ?? serviceRate(service),
    // A start is taken to last as long as a job may wait until one has been seen: that is the careful side.
    startupSeconds: startupSeconds(startup, seen.at, hints.within),
    // One gap alone may be that of readings that failed.
    tickSeconds: before.gap > 0 ? Math.min(gap, before.gap) : gap,
  };
}
