import type { Counts } from "@microscaling/core";
import type { TargetInput } from "../targets/target.ts";
import { learnArrivals, type ArrivalRate } from "./arrivals.ts";
import { markArrivals, NO_MARKS, type Looks, type Marks } from "./backlog.ts";
import { sampleOf, see, type Sample, type Seen } from "./sample.ts";
import { learnService, serviceRate, type Service } from "./service.ts";
import { learnSlope, relaxSlope, slopeRates, unknownSlope, type Slope } from "./slope.ts";
import { atLeastPending, learnStartup, openStartup, usualStart, type Startup } from "./startup.ts";

/** What the user says beforehand, in seconds. */
export interface Hints {
  /** How long a job may wait: the scale of time. > 0 */
  readonly within: number;
  readonly serviceTime: number | undefined;
  readonly startupTime: number | undefined;
}

/** What has been learned of one task. */
export interface Learned extends Seen {
  readonly startup: Startup;
  /** Whether a start is under way. */
  readonly isStarting: boolean;
  /** From the level of jobs alone, for backends that count neither. */
  readonly slope: Slope;
  /** How many jobs have arrived since the first reading, until the last look and the one before; and when those that wait did. */
  readonly arrivals: number;
  readonly lastArrivals: number;
  readonly marks: Marks;
  readonly numbers: Numbers;
}

/** What else is learned, in one array: deciding on thousands of tasks takes much longer when each number is an object of its own. */
type Numbers = readonly [
  /** Between the newest readings, in seconds; 0 while there is only one. */
  gap: number,
  /** From counted arrivals; NaN while none could be counted. */
  rate: number,
  variance: number,
  /** From counted completions; the last is 1 when the newest was doubtful. */
  jobs: number,
  busySeconds: number,
  doubtful: number,
  /** How long a start takes, in seconds. */
  start: number,
];

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
  { reading, counts }: TargetInput<unknown>,
  hints: Hints,
): Learned {
  const seen = see(reading, counts!);
  if (before === undefined) return nothingLearned(seen, counts!, hints);
  const sample = sampleOf(before, seen);
  if (sample.seconds <= 0) return before;
  const service = serviceOf(before);
  const scale = Math.max(hints.within, LEAST_SCALE_JOBS / serviceRate(service));
  // Where jobs are counted, nothing need be guessed from their level.
  const isCounted = sample.arrived !== undefined;
  const slope = isCounted ? before.slope : nextSlope(before, sample, seen, scale);
  const arrived = sample.arrived ?? slope.rate * sample.seconds;
  const startup = nextStartup(before, seen, counts!);
  const { at, waiting, inFlight, delayed, running } = seen;
  return {
    at,
    waiting,
    inFlight,
    delayed,
    arrived: seen.arrived,
    finished: seen.finished,
    running,
    startup,
    isStarting: startup.pending.length > 0,
    slope,
    arrivals: before.arrivals + arrived,
    lastArrivals: before.arrivals,
    marks: nextMarks(before, seen, arrived, hints),
    numbers: pack(
      sample.seconds,
      nextArrivals(arrivalsOf(before), sample, scale),
      nextService(service, sample, scale),
      startup === before.startup ? before.numbers[6] : usualStart(startup, hints.within),
    ),
  };
}

function nextStartup(before: Learned, seen: Seen, counts: Counts): Startup {
  const isCalm = !before.isStarting && counts.starting === 0;
  if (isCalm && seen.running === before.running) return before.startup;
  return learnStartup(before.startup, counts, seen.at, before.at);
}

function nextMarks(before: Learned, { at, waiting }: Seen, jobs: number, { within }: Hints): Marks {
  // Said here, too, since it is so in most cases and the rest takes time.
  if (waiting <= jobs) return NO_MARKS;
  const looks = {
    lastAt: before.at,
    at,
    lastArrived: before.arrivals,
    arrived: before.arrivals + jobs,
    waiting,
  };
  return markArrivals(before.marks, looksOf(before), looks, within);
}

/** The last two looks at the queue. */
export function looksOf(learned: Learned): Looks {
  const { at, waiting, arrivals: arrived, lastArrivals: lastArrived } = learned;
  return { lastAt: at - gapOf(learned) * 1000, at, lastArrived, arrived, waiting };
}

function nothingLearned(seen: Seen, counts: Counts, { within, ...hints }: Hints): Learned {
  const each = hints.serviceTime ?? SERVICE_PRIOR * within;
  const jobs = hints.serviceTime === undefined ? PRIOR_JOBS : HINT_JOBS;
  const startup = openStartup(counts, seen.at, hints.startupTime);
  const service = { jobs, busySeconds: jobs * each, isDoubtful: false };
  return {
    ...seen,
    startup,
    isStarting: startup.pending.length > 0,
    slope: unknownSlope(1 / each, jobs),
    arrivals: 0,
    lastArrivals: 0,
    marks: NO_MARKS,
    numbers: pack(0, undefined, service, usualStart(startup, within)),
  };
}

function pack(
  gap: number,
  arrivals: ArrivalRate | undefined,
  service: Service,
  start: number,
): Numbers {
  const rate = arrivals === undefined ? Number.NaN : arrivals.rate;
  const variance = arrivals === undefined ? Number.NaN : arrivals.variance;
  const { jobs, busySeconds, isDoubtful } = service;
  return [gap, rate, variance, jobs, busySeconds, isDoubtful ? 1 : 0, start];
}

function gapOf({ numbers }: Learned): number {
  return numbers[0];
}

function arrivalsOf({ numbers }: Learned): ArrivalRate | undefined {
  return Number.isNaN(numbers[1]) ? undefined : { rate: numbers[1], variance: numbers[2] };
}

function serviceOf({ numbers }: Learned): Service {
  return { jobs: numbers[3], busySeconds: numbers[4], isDoubtful: numbers[5] === 1 };
}

function nextArrivals(
  before: ArrivalRate | undefined,
  { arrived, seconds }: Sample,
  scale: number,
): ArrivalRate | undefined {
  if (arrived === undefined) return before;
  return learnArrivals(before, arrived / seconds, seconds, scale);
}

function nextService(before: Service, sample: Sample, scale: number): Service {
  const { finished, busy, seconds } = sample;
  if (finished === undefined || busy === undefined) return before;
  return learnService(before, finished, busy, seconds, scale);
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
export function loadOf(learned: Learned, before: Learned): Load {
  const { at, startup, isStarting, slope, numbers } = learned;
  const isCounted = !Number.isNaN(numbers[1]);
  const guessed = isCounted ? undefined : slopeRates(slope);
  const gap = gapOf(learned);
  const earlier = gapOf(before);
  return {
    arrivalRate: guessed === undefined ? numbers[1] : guessed.arrivalRate,
    serviceRate: guessed === undefined ? numbers[3] / numbers[4] : guessed.serviceRate,
    startupSeconds: isStarting ? atLeastPending(startup, numbers[6], at) : numbers[6],
    // One gap alone may be that of readings that failed.
    tickSeconds: earlier > 0 ? Math.min(gap, earlier) : gap,
  };
}
