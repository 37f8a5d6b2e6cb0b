import type { TargetSpec } from "../../spec.ts";
import { learn, loadOf, type Hints, type Learned } from "../learn/learn.ts";
import { erlangInstances } from "./erlang.ts";
import { downTo, inTimeAhead, inTimeNow, lookAhead, upTo, type Outlook } from "./outlook.ts";
import type { Target, TargetInput, Wish } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;
type Input = TargetInput<LatencySpec>;

/** What the target remembers between readings. */
export interface LatencyMemory {
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
    const hints = hintsOf(input.spec);
    const learned = learn(memory?.learned, input, hints);
    if (memory === undefined) return holdAt(input, open(input, learned));
    if (learned === memory.learned) return holdAt(input, memory);
    const load = loadOf(learned, memory.learned);
    const outlook = lookAhead(input.requested, learned, load, hints.within);
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
function open({ reading, requested }: Input, learned: Learned): LatencyMemory {
  const none = Number.NaN;
  const numbers: Numbers = [
    BURST,
    Number.NEGATIVE_INFINITY,
    reading.at,
    none,
    none,
    none,
    none,
    none,
  ];
  return { learned, requested, numbers };
}

function nextNumbers(
  { reading: { at }, requested, spec }: Input,
  learned: Learned,
  outlook: Outlook,
  before: LatencyMemory,
): Mutable<Numbers> {
  const { load, waiting, expectedWait } = outlook;
  const { arrivalRate, serviceRate, startupSeconds } = load;
  const { numbers } = before;
  const last = before.learned;
  const refill = (spec.changesPerMinute * (at - last.at)) / 60_000;
  const refilled = Math.min(BURST, numbers[BUDGET] + refill);
  const { inFlight = 0, arrived } = learned;
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

function choose(
  input: Input,
  learned: Learned,
  outlook: Outlook,
  before: LatencyMemory,
): Wish<LatencyMemory> {
  const { requested, reading } = input;
  const numbers = nextNumbers(input, learned, outlook, before);
  const instances = move(input, learned, outlook, numbers);
  if (instances < requested && instances > 0) numbers[DOWN_AT] = reading.at;
  const memory = { learned, requested, numbers };
  const reason = instances === requested ? "meeting" : instances > requested ? "above" : "below";
  return { instances, reason, memory };
}

/** How many instances there are to be. */
function move(input: Input, learned: Learned, outlook: Outlook, numbers: Numbers): number {
  const { requested, max } = input;
  const { at } = input.reading;
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
