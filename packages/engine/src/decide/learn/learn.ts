import type { Counts } from "@microscaling/core";
import type { TargetInput } from "../targets/target.ts";
import { learnArrivals } from "./arrivals.ts";
import { markArrivals, NO_MARKS, type Interval, type Marks } from "./backlog.ts";
import type { Row } from "./row.ts";
import {
  isKnown,
  noteSnapshot,
  sampleOf,
  snapshotOf,
  type Sample,
  type Snapshot,
} from "./sample.ts";
import { learnService, serviceRate } from "./service.ts";
import { learnLevel, relaxLevel, levelRates, unknownLevel, type LevelFilter } from "./slope.ts";
import { atLeastPending, learnStartup, openStartup, usualStart, type Startup } from "./startup.ts";

/** What the user says beforehand, in seconds. */
export interface Hints {
  /** How long a job may wait: the scale of time. > 0 */
  readonly within: number;
  readonly serviceTime: number | undefined;
  readonly startupTime: number | undefined;
}

/** What has been learned of one task besides the numbers of its row. */
export interface Learned {
  readonly startup: Startup;
  /** From the level of jobs alone, for backends that count neither what arrives nor what is finished. */
  readonly slope: LevelFilter;
  /** When those that wait arrived. */
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

/** Before there is anything to compare with. Begins the row. */
export function beginLearning(
  { reading, counts, row }: TargetInput<unknown>,
  { within, ...hints }: Hints,
): Learned {
  const each = hints.serviceTime ?? SERVICE_PRIOR * within;
  const jobs = hints.serviceTime === undefined ? PRIOR_JOBS : HINT_JOBS;
  const startup = openStartup(counts!, reading.at, hints.startupTime);
  row.at = Number.NaN;
  noteSnapshot(row, snapshotOf(reading, counts!));
  row.arrivals = 0;
  row.lastArrivals = 0;
  row.rate = Number.NaN;
  row.jobs = jobs;
  row.busySeconds = jobs * each;
  row.isDoubtful = 0;
  row.startSeconds = usualStart(startup, within);
  return { startup, slope: unknownLevel(1 / each, jobs), marks: NO_MARKS };
}

/**
 * Learns from one more reading, newer than the last. Changes the row.
 * @param within how long a job may wait, in seconds: the scale of time
 */
export function learn(
  before: Learned,
  { reading, counts, row }: TargetInput<unknown>,
  within: number,
): Learned {
  const seen = snapshotOf(reading, counts!);
  const sample = sampleOf(row, seen);
  const { seconds, finished, busy } = sample;
  const scale = Math.max(within, LEAST_SCALE_JOBS / serviceRate(row));
  // Where jobs are counted, nothing need be guessed from their level.
  const isCounted = isKnown(sample.arrived);
  const slope = isCounted ? before.slope : nextSlope(before.slope, sample, seen, scale);
  const arrived = isCounted ? sample.arrived : slope.rate * seconds;
  const startup = nextStartup(before.startup, row, seen, counts!);
  const marks = nextMarks(before.marks, row, seen, arrived, within);
  noteSnapshot(row, seen);
  row.lastArrivals = row.arrivals;
  row.arrivals += arrived;
  if (isCounted) learnArrivals(row, arrived / seconds, seconds, scale);
  if (isKnown(finished) && isKnown(busy)) learnService(row, finished, busy, seconds, scale);
  const isSame = startup === before.startup;
  if (!isSame) row.startSeconds = usualStart(startup, within);
  return isSame && slope === before.slope && marks === before.marks
    ? before
    : { startup, slope, marks };
}

function nextStartup(before: Startup, row: Row, seen: Snapshot, counts: Counts): Startup {
  const isCalm = before.pending.length === 0 && counts.starting === 0;
  if (isCalm && seen.running === row.running) return before;
  return learnStartup(before, counts, seen.at, row.at);
}

function nextMarks(
  marks: Marks,
  row: Row,
  { at, waiting }: Snapshot,
  jobs: number,
  within: number,
): Marks {
  // Said here, too, since it is so in most cases and the rest takes time.
  if (waiting <= jobs) return NO_MARKS;
  const { arrivals } = row;
  const looks = { lastAt: row.at, at, lastArrived: arrivals, arrived: arrivals + jobs, waiting };
  return markArrivals(marks, lastInterval(row), looks, within);
}

/** The last two looks at the queue. */
export function lastInterval({ lastAt, at, lastArrivals, arrivals, waiting }: Row): Interval {
  return { lastAt, at, lastArrived: lastArrivals, arrived: arrivals, waiting };
}

function nextSlope(
  slope: LevelFilter,
  { rise, busy, seconds, isCensored }: Sample,
  { waiting, running }: Snapshot,
  scale: number,
): LevelFilter {
  if (isKnown(rise) && isKnown(busy))
    return learnLevel(slope, { rise: rise / seconds, busy, isCensored }, seconds, scale);
  return waiting > 0 ? slope : relaxLevel(slope, running, seconds, scale);
}

/**
 * What is believed now.
 * @param earlierGap from the look before the last to that, in seconds; 0 when there was none
 */
export function loadOf({ startup, slope }: Learned, row: Row, earlierGap: number): Load {
  const { rate, startSeconds, at } = row;
  const guessed = isKnown(rate) ? undefined : levelRates(slope);
  const gap = gapOf(row);
  return {
    arrivalRate: guessed === undefined ? rate : guessed.arrivalRate,
    serviceRate: guessed === undefined ? serviceRate(row) : guessed.serviceRate,
    startupSeconds: atLeastPending(startup, startSeconds, at),
    // One gap alone may be that of readings that failed.
    tickSeconds: earlierGap > 0 ? Math.min(gap, earlierGap) : gap,
  };
}

/** From the look before the newest to that, in seconds; 0 while there is only one. */
export function gapOf({ at, lastAt }: Row): number {
  return (at - lastAt) / 1000;
}
