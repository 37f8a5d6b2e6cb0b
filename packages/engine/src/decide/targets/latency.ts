import type { TargetSpec } from "../../spec.ts";
import { paceInTime } from "../learn/backlog.ts";
import { learn, loadOf, looksOf, type Hints, type Learned, type Load } from "../learn/learn.ts";
import { erlangInstances } from "./erlang.ts";
import type { Target, TargetInput, Wish } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;
type Input = TargetInput<LatencySpec>;

/** What the target remembers between readings. */
export interface LatencyMemory {
  readonly hints: Hints;
  readonly learned: Learned;
  readonly requested: number;
  readonly numbers: Numbers;
}

/** What else is remembered, in one array for the same reason as what is learned. */
type Numbers = readonly [
  /** Changes that may be made now; below 0 when more was urgent. */
  budget: number,
  /** When it last went down, and when a job was last seen; in milliseconds since the epoch. */
  downAt: number,
  jobAt: number,
  /** What is believed: λ, μ and D; and how long what waits takes to drain and how long a job is to wait, NaN where there is no saying. */
  arrivalRate: number,
  serviceRate: number,
  startupSeconds: number,
  drainSeconds: number,
  expectedWait: number,
];
const BUDGET = 0;
const DOWN_AT = 1;
const JOB_AT = 2;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The part of the time that a start leaves of what a job may wait, below which an expected wait is harmless. */
const HARMLESS = 0.88;
/** A shorter one, as a part of what a job may wait, is harmless in any case to what goes down. */
const LOW = 0.1;
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
/** The least step down, as a part of what there is, and how much of it more where a start leaves all the time that a job may wait. */
const STEP_DOWN = 0.12;
const STEP_DOWN_SLACK = 0.42;
/** How long a step down is from the last, as a part of the time that a job may wait; and how much of it more, likewise. */
const PAUSE = 0.03;
const PAUSE_SLACK = 0.15;
/** With fewer jobs late than this part a wait shorter than a service time is kept. */
const LATE = 0.001;
/** So many changes may come at once, and as many more that are urgent, before their number a minute tells. */
const BURST = 10;
/** Without a job for so many times as long as one may wait, none of a task's instances is needed. */
const QUIET_WITHINS = 2;

/**
 * Keeps the wait of every job within a limit W, from what it has learned: λ arrivals a second, μ a second that one instance finishes, and
 * the time D that a start takes. What matters is the wait when an instance asked for now would run: for the backlog then,
 *
 *     B = q + λ·θ − what those that run and start finish until then,   θ = D + the time between readings
 *
 * it is w = B / (μ·N). While w is harmless nothing moves. What is harmless shrinks as starts take longer: a·W·(1 − θ/W).
 */
export const latencyTarget: Target<LatencySpec, LatencyMemory> = {
  reads: true,
  settles: false,
  wish(input, memory) {
    const hints = memory?.hints ?? hintsOf(input.spec);
    const learned = learn(memory?.learned, input, hints);
    if (memory === undefined) return holdAt(input, open(input, hints, learned));
    if (learned === memory.learned) return holdAt(input, memory);
    const load = loadOf(learned, memory.learned, hints);
    const outlook = lookAhead(input, learned, load, hints.within);
    return choose(input, learned, outlook, memory);
  },
  belief({ numbers }) {
    if (Number.isNaN(numbers[3])) return undefined;
    return {
      arrivalRate: numbers[3],
      serviceRate: numbers[4],
      startupSeconds: numbers[5],
      drainSeconds: Number.isNaN(numbers[6]) ? undefined : numbers[6],
      expectedWaitSeconds: Number.isNaN(numbers[7]) ? undefined : numbers[7],
    };
  },
};

function hintsOf({ withinMs, serviceMs, startupMs }: LatencySpec): Hints {
  return {
    within: withinMs / 1000,
    serviceTime: serviceMs === undefined ? undefined : serviceMs / 1000,
    startupTime: startupMs === undefined ? undefined : startupMs / 1000,
  };
}

function holdAt({ requested }: Input, memory: LatencyMemory): Wish<LatencyMemory> {
  return { instances: requested, reason: "meeting", memory };
}

/** Before there is anything to go by. */
function open({ at, requested }: Input, hints: Hints, learned: Learned): LatencyMemory {
  const none = Number.NaN;
  const numbers: Numbers = [BURST, Number.NEGATIVE_INFINITY, at, none, none, none, none, none];
  return { hints, learned, requested, numbers };
}

function nextNumbers(
  { at, requested, spec }: Input,
  learned: Learned,
  outlook: Outlook,
  before: LatencyMemory,
): Mutable<Numbers> {
  const { load, waiting, expectedWait } = outlook;
  const { arrivalRate, serviceRate, startupSeconds } = load;
  const { numbers } = before;
  const last = before.learned.seen;
  const refill = (spec.changesPerMinute * (at - last.at)) / 60_000;
  const refilled = Math.min(BURST, numbers[BUDGET] + refill);
  const { inFlight = 0, arrived } = learned.seen;
  const isQuiet = waiting === 0 && inFlight === 0 && arrived === last.arrived;
  const spare = requested * serviceRate - arrivalRate;
  return [
    requested === before.requested ? refilled : refilled - 1,
    numbers[DOWN_AT],
    isQuiet ? numbers[JOB_AT] : at,
    arrivalRate,
    serviceRate,
    startupSeconds,
    spare > 0 ? waiting / spare : Number.NaN,
    expectedWait < Number.POSITIVE_INFINITY ? expectedWait : Number.NaN,
  ];
}

/** What lies ahead if nothing is done. Times in seconds. */
interface Outlook {
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

function lookAhead(input: Input, learned: Learned, load: Load, within: number): Outlook {
  const { seen, startup } = learned;
  const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
  const horizon = startupSeconds + tickSeconds;
  let instanceSeconds = seen.running * horizon;
  for (const { at, instances } of startup.pending) {
    const left = Math.max(0, startupSeconds - (seen.at - at) / 1000);
    instanceSeconds += instances * (horizon - left);
  }
  const { waiting } = seen;
  const backlog = Math.max(0, waiting + arrivalRate * horizon - serviceRate * instanceSeconds);
  const expectedWait = backlog === 0 ? 0 : backlog / (serviceRate * input.requested);
  const slack = Math.max(0, 1 - horizon / within);
  return { load, waiting, within, horizon, instanceSeconds, slack, expectedWait };
}

function choose(
  input: Input,
  learned: Learned,
  outlook: Outlook,
  before: LatencyMemory,
): Wish<LatencyMemory> {
  const { requested, at } = input;
  const numbers = nextNumbers(input, learned, outlook, before);
  const instances = move(input, learned, outlook, numbers);
  if (instances < requested && instances > 0) numbers[DOWN_AT] = at;
  const memory = { hints: before.hints, learned, requested, numbers };
  const reason = instances === requested ? "meeting" : instances > requested ? "above" : "below";
  return { instances, reason, memory };
}

/** How many instances there are to be. */
function move(input: Input, learned: Learned, outlook: Outlook, numbers: Numbers): number {
  const { requested, at, max } = input;
  const { load, within, slack, expectedWait } = outlook;
  const { arrivalRate, serviceRate } = load;
  if (at - numbers[JOB_AT] >= QUIET_WITHINS * within * 1000) return 0;
  const isShort = within * serviceRate < 1;
  const least = isShort ? erlangInstances(arrivalRate, serviceRate, within, LATE, max) : 1;

  const harmless = HARMLESS * within * slack;
  const inTime = Math.max(least, inTimeAhead(outlook, learned));
  const isUrgent = expectedWait > harmless || requested < inTime;
  const up = isUrgent && numbers[BUDGET] > -BURST ? Math.max(inTime, upTo(outlook)) : 0;
  if (up > requested) return up;

  const isHarmless = expectedWait <= Math.max(harmless, LOW * within);
  const isRested = at - numbers[DOWN_AT] >= (PAUSE + PAUSE_SLACK * slack) * within * 1000;
  if (!isHarmless || !isRested || numbers[BUDGET] < 1) return requested;
  const most = (1 - STEP_DOWN - STEP_DOWN_SLACK * slack) * requested;
  const keepsUp = Math.max(least, downTo(outlook));
  if (keepsUp >= most) return requested;
  const down = Math.max(keepsUp, inTimeNow(outlook, learned, requested));
  return down < most ? down : requested;
}

/** What it takes from the horizon on for every job that waits to be in time. */
function inTimeAhead(outlook: Outlook, learned: Learned): number {
  const { load, waiting, within, horizon, instanceSeconds } = outlook;
  const begun = load.serviceRate * instanceSeconds;
  if (waiting <= begun) return 0;
  const least = DRAIN_HORIZON * horizon;
  const deadline = { within: AHEAD * within, delay: horizon, begun, least };
  return wholeInstances(paceInTime(learned.marks, looksOf(learned), deadline) / load.serviceRate);
}

/** What it takes from now on for that. Those that still start do nothing for a while: as if all did nothing for a part of it. */
function inTimeNow(outlook: Outlook, learned: Learned, requested: number): number {
  const { load, waiting, within, horizon, instanceSeconds } = outlook;
  const delay = Math.max(0, horizon - instanceSeconds / requested);
  const least = load.tickSeconds;
  const deadline = { within: IN_TIME * within, delay, begun: 0, least };
  return wholeInstances(paceInTime(learned.marks, looksOf(learned), deadline) / load.serviceRate);
}

/** What keeps up with the arrivals and drains what waits, except for a few. */
function upTo({ load, waiting, within, horizon, slack }: Outlook): number {
  const { arrivalRate, serviceRate } = load;
  const surplus = Math.max(0, waiting - KEEP_UP * within * slack * arrivalRate);
  const drained = surplus / Math.max(DRAIN_UP * within, DRAIN_HORIZON * horizon);
  return wholeInstances((arrivalRate + drained) / serviceRate);
}

/** What keeps up with the arrivals once some wait: less than that while fewer do. */
function downTo({ load, waiting, within, horizon, slack }: Outlook): number {
  const { arrivalRate, serviceRate } = load;
  const surplus = waiting - KEEP_DOWN * within * slack * arrivalRate;
  const drained = surplus / Math.max(DRAIN_DOWN * within, DRAIN_HORIZON * horizon);
  return wholeInstances((arrivalRate + drained) / serviceRate);
}

function wholeInstances(exact: number): number {
  return Math.ceil(exact - 1e-9);
}
