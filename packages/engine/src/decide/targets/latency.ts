import type { Belief } from "@microscaling/core";
import type { TargetSpec } from "../../spec.ts";
import type { Ahead } from "../learn/forecast.ts";
import { beginLearning, learn, loadOf, useOf, type Hints } from "../learn/learn.ts";
import type { TaskModel } from "../learn/task-model.ts";
import {
  aheadOf,
  atLeast,
  instancesAhead,
  learnedAhead,
  openAhead,
  type AheadMemory,
} from "./ahead.ts";
import { erlangInstances } from "./erlang.ts";
import { downTo, inTimeAhead, inTimeNow, lookAhead, upTo, type Outlook } from "./outlook.ts";
import type { Target, TargetInput, Desired } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;
type Input = TargetInput<LatencySpec>;

/** What the controller remembers of a task. Updated in place. */
export interface LatencyMemory {
  readonly model: TaskModel;
  /** Instances that were requested at the last reading. */
  requested: number;
  /** Changes that may be made now; below 0 when more was urgent. */
  budget: number;
  /** When the task last went down, and when a job was last seen, in milliseconds since the epoch. */
  downAt: number;
  jobAt: number;
  belief: Belief | undefined;
  readonly ahead: AheadMemory;
}

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
  desire(input, memory) {
    const { spec, reading, requested } = input;
    const use = useOf(memory?.model, reading);
    if (memory === undefined || use === "begin") return holdAt(requested, open(input, memory));
    if (use === "ignore") return holdAt(requested, memory);
    const { model } = memory;
    const within = spec.withinMs / 1000;
    const arrivedBefore = model.seen.arrived;
    learn(model, input, within);
    const outlook = lookAhead(requested, model, loadOf(model, within), within);
    const isOff = spec.forecast === "off";
    const ahead = { within, isOff, max: input.max };
    const least = instancesAhead(memory.ahead, model, outlook.load, ahead);
    memory.belief = beliefOf(outlook, requested, aheadOf(memory.ahead));
    const { waiting, inFlight, arrived } = model.seen;
    // Two totals that are not known are the same.
    const isQuiet = waiting === 0 && !(inFlight > 0) && Object.is(arrived, arrivedBefore);
    if (!isQuiet) memory.jobAt = reading.at;
    refill(input, memory);
    return atLeast(least, choose(input, memory, outlook), requested);
  },
  belief: (memory) => memory.belief,
  learned: (memory) => learnedAhead(memory.ahead),
};

function hintsOf({ withinMs, serviceMs, startupMs }: LatencySpec): Hints {
  return {
    within: withinMs / 1000,
    serviceTime: serviceMs === undefined ? undefined : serviceMs / 1000,
    startupTime: startupMs === undefined ? undefined : startupMs / 1000,
  };
}

function holdAt(requested: number, memory: LatencyMemory): Desired<LatencyMemory> {
  return { instances: requested, reason: "meeting", memory };
}

/** Before there is anything to go by. */
function open(input: Input, before: LatencyMemory | undefined): LatencyMemory {
  const { spec, reading, requested, learned } = input;
  return {
    model: beginLearning(input, hintsOf(spec)),
    requested,
    budget: BURST,
    downAt: Number.NEGATIVE_INFINITY,
    jobAt: reading.at,
    belief: undefined,
    ahead: openAhead(reading.at, before?.ahead, learned),
  };
}

function beliefOf(
  { load, waiting, expectedWait }: Outlook,
  requested: number,
  ahead: Ahead | undefined,
): Belief {
  const { arrivalRate, serviceRate, startupSeconds } = load;
  const spare = requested * serviceRate - arrivalRate;
  return {
    arrivalRate,
    serviceRate,
    startupSeconds,
    drainSeconds: spare > 0 ? waiting / spare : undefined,
    expectedWaitSeconds: expectedWait < Number.POSITIVE_INFINITY ? expectedWait : undefined,
    forecastRate: ahead?.rate,
    forecastShare: ahead?.share,
  };
}

/** More may be changed as time goes by, and less where something has been. */
function refill({ spec, requested }: Input, memory: LatencyMemory): void {
  const { seen, lastAt } = memory.model;
  const more = (spec.changesPerMinute * (seen.at - lastAt)) / 60_000;
  memory.budget = Math.min(BURST, memory.budget + more) - Number(requested !== memory.requested);
  memory.requested = requested;
}

function choose(input: Input, memory: LatencyMemory, outlook: Outlook): Desired<LatencyMemory> {
  const { requested, max } = input;
  const instances = Math.min(move(input, memory, outlook), Math.max(max, requested));
  if (instances < requested && instances > 0) memory.downAt = memory.model.seen.at;
  const reason = instances === requested ? "meeting" : instances > requested ? "above" : "below";
  return { instances, reason, memory };
}

/** How many instances there are to be. */
function move(
  { requested, max }: Input,
  { model, budget, jobAt, downAt }: LatencyMemory,
  outlook: Outlook,
): number {
  const { at } = model.seen;
  const { load, within, slack, expectedWait } = outlook;
  const { arrivalRate, serviceRate } = load;
  if (at - jobAt >= QUIET_WITHINS * within * 1000) return 0;
  const isShort = within * serviceRate < 1;
  const least = isShort ? erlangInstances(arrivalRate, serviceRate, within, LATE, max) : 1;

  const harmless = HARMLESS * within * slack;
  const inTime = Math.max(least, inTimeAhead(outlook, model));
  const isUrgent = expectedWait > harmless || requested < inTime;
  const up = isUrgent && budget > -BURST ? Math.max(inTime, upTo(outlook)) : 0;
  if (up > requested) return up;

  const isHarmless = expectedWait <= Math.max(harmless, LOW * within);
  const isRested = at - downAt >= (PAUSE + PAUSE_SLACK * slack) * within * 1000;
  if (!isHarmless || !isRested || budget < 1) return requested;
  const most = (1 - STEP_DOWN - STEP_DOWN_SLACK * slack) * requested;
  const keepsUp = Math.max(least, downTo(outlook));
  if (keepsUp >= most) return requested;
  const down = Math.max(keepsUp, inTimeNow(outlook, model, requested));
  return down < most ? down : requested;
}
