import type { TargetSpec } from "../../spec.ts";
import { beginLearning, gapOf, learn, loadOf, type Hints, type Learned } from "../learn/learn.ts";
import type { Row } from "../learn/row.ts";
import { isKnown } from "../learn/sample.ts";
import { erlangInstances } from "./erlang.ts";
import { downTo, inTimeAhead, inTimeNow, lookAhead, upTo, type Outlook } from "./outlook.ts";
import type { Target, TargetInput, Desired } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;
type Input = TargetInput<LatencySpec>;

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
export const latencyTarget: Target<LatencySpec, Learned> = {
  reads: true,
  settles: false,
  learns: true,
  desire(input, memory) {
    const { spec, reading, requested, row } = input;
    if (memory === undefined) return holdAt(requested, open(input));
    if (reading.at <= row.at) return holdAt(requested, memory);
    const within = spec.withinMs / 1000;
    const earlierGap = gapOf(row);
    const arrivedBefore = row.arrived;
    const learned = learn(memory, input, within);
    const outlook = lookAhead(requested, learned, row, loadOf(learned, row, earlierGap), within);
    noteOutlook(row, outlook, requested);
    // Two totals that are not known are the same.
    const isQuiet =
      row.waiting === 0 && !(row.inFlight > 0) && Object.is(row.arrived, arrivedBefore);
    if (!isQuiet) row.jobAt = reading.at;
    refill(input);
    return choose(input, learned, outlook);
  },
  belief(_, row) {
    const { arrivalRate, serviceRate, startupSeconds, drainSeconds, expectedWaitSeconds } = row;
    if (!isKnown(arrivalRate)) return undefined;
    return {
      arrivalRate,
      serviceRate,
      startupSeconds,
      drainSeconds: isKnown(drainSeconds) ? drainSeconds : undefined,
      expectedWaitSeconds: isKnown(expectedWaitSeconds) ? expectedWaitSeconds : undefined,
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

function holdAt(requested: number, memory: Learned): Desired<Learned> {
  return { instances: requested, reason: "meeting", memory };
}

/** Before there is anything to go by. */
function open(input: Input): Learned {
  const { spec, reading, requested, row } = input;
  row.requested = requested;
  row.budget = BURST;
  row.downAt = Number.NEGATIVE_INFINITY;
  row.jobAt = reading.at;
  row.arrivalRate = Number.NaN;
  return beginLearning(input, hintsOf(spec));
}

/** Puts what is gone by into the row. */
function noteOutlook(row: Row, { load, waiting, expectedWait }: Outlook, requested: number): void {
  const spare = requested * load.serviceRate - load.arrivalRate;
  row.arrivalRate = load.arrivalRate;
  row.serviceRate = load.serviceRate;
  row.startupSeconds = load.startupSeconds;
  row.drainSeconds = spare > 0 ? waiting / spare : Number.NaN;
  row.expectedWaitSeconds = expectedWait < Number.POSITIVE_INFINITY ? expectedWait : Number.NaN;
}

/** More may be changed as time goes by, and less where something has been. */
function refill({ spec, requested, row }: Input): void {
  const more = (spec.changesPerMinute * (row.at - row.lastAt)) / 60_000;
  row.budget = Math.min(BURST, row.budget + more) - Number(requested !== row.requested);
  row.requested = requested;
}

function choose(input: Input, learned: Learned, outlook: Outlook): Desired<Learned> {
  const { requested, row } = input;
  const instances = move(input, learned, outlook);
  if (instances < requested && instances > 0) row.downAt = row.at;
  const reason = instances === requested ? "meeting" : instances > requested ? "above" : "below";
  return { instances, reason, memory: learned };
}

/** How many instances there are to be. */
function move({ requested, max, row }: Input, learned: Learned, outlook: Outlook): number {
  const { at, budget } = row;
  const { load, within, slack, expectedWait } = outlook;
  const { arrivalRate, serviceRate } = load;
  if (at - row.jobAt >= QUIET_WITHINS * within * 1000) return 0;
  const isShort = within * serviceRate < 1;
  const least = isShort ? erlangInstances(arrivalRate, serviceRate, within, LATE, max) : 1;

  const harmless = HARMLESS * within * slack;
  const inTime = Math.max(least, inTimeAhead(outlook, learned, row));
  const isUrgent = expectedWait > harmless || requested < inTime;
  const up = isUrgent && budget > -BURST ? Math.max(inTime, upTo(outlook)) : 0;
  if (up > requested) return up;

  const isHarmless = expectedWait <= Math.max(harmless, LOW * within);
  const isRested = at - row.downAt >= (PAUSE + PAUSE_SLACK * slack) * within * 1000;
  if (!isHarmless || !isRested || budget < 1) return requested;
  const most = (1 - STEP_DOWN - STEP_DOWN_SLACK * slack) * requested;
  const keepsUp = Math.max(least, downTo(outlook));
  if (keepsUp >= most) return requested;
  const down = Math.max(keepsUp, inTimeNow(outlook, learned, row, requested));
  return down < most ? down : requested;
}
