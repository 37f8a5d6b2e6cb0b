import type { Belief } from "@microscaling/core";
import type { TargetSpec } from "../../spec.ts";
import type { Ahead } from "../learn/forecast.ts";
import { beginLearning, learn, loadOf, useOf, type Hints } from "../learn/learn.ts";
import { isRepeated, noteRepeat } from "../learn/repeats.ts";
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
import { calmInstances, type Demand } from "./level.ts";
import { isWorthIt, noMoves, noteMoves, type Moves } from "./moves.ts";
import {
  enoughInstances,
  inTimeInstances,
  isLengthAlone,
  lookAhead,
  type Outlook,
} from "./outlook.ts";
import type { Target, TargetInput, Desired } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;
type Input = TargetInput<LatencySpec>;

/** What the controller remembers about a task. Updated in place. */
export interface LatencyMemory {
  readonly model: TaskModel;
  readonly moves: Moves;
  /** When the controller began, and when a job was last seen, in milliseconds since the epoch. */
  readonly openedAt: number;
  jobAt: number;
  belief: Belief | undefined;
  readonly ahead: AheadMemory;
}

/** The fraction of jobs that may be late if the allowed wait is shorter than a service time. */
const LATE = 0.001;
/** Fewer instances are enough only if they could also do this many standard deviations more work. Chance exceeds that in one of a hundred cases. */
const SURE = 2.33;
/** The fraction of the allowed changes that chance alone may cause. */
const BY_CHANCE = 0.01;
/** After this multiple of the allowed wait without any job, a task's instances are not needed. */
const QUIET_WITHINS = 2;

/**
 * Keeps the wait of every job within a limit W, with learned values: λ arrivals per second, μ jobs per second that one instance finishes, and the
 * duration D of a start. It uses one number, the calm level: the number of instances at which chance seldom requires more.
 *
 * - The target goes up to the calm level, or higher if waiting jobs need more, at the last moment at which every job is still in time.
 * - It goes down to the calm level when fewer instances are surely enough, and the surplus has cost as much as a change is worth.
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
    if (isRepeated(model, input, within)) {
      noteRepeat(model, input);
      return holdAt(requested, memory);
    }
    const arrivedBefore = model.seen.arrived;
    learn(model, input, within);
    const calmSeconds = 60 / (BY_CHANCE * spec.changesPerMinute);
    const outlook = lookAhead(requested, model, loadOf(model, within), within, calmSeconds);
    const isOff = spec.forecast === "off";
    const ahead = { within, isOff, max: input.max };
    const least = instancesAhead(memory.ahead, model, outlook.load, ahead);
    memory.belief = beliefOf(outlook, aheadOf(memory.ahead));
    const { waiting, inFlight, arrived } = model.seen;
    // Two unknown totals are equal.
    const isQuiet = waiting === 0 && !(inFlight > 0) && Object.is(arrived, arrivedBefore);
    if (!isQuiet) memory.jobAt = reading.at;
    noteMoves(
      memory.moves,
      requested,
      reading.at,
      model.gapSeconds,
      spec.changesPerMinute,
      startSecondsOf(spec, outlook),
    );
    return atLeast(least, choose(input, memory, outlook), requested);
  },
  belief: (memory) => memory.belief,
  learned: (memory) => learnedAhead(memory.ahead),
};

function hintsOf({ withinMs, serviceMs, startupMs, concurrency }: LatencySpec): Hints {
  return {
    within: withinMs / 1000,
    serviceTime: serviceMs === undefined ? undefined : serviceMs / 1000,
    startupTime: startupMs === undefined ? undefined : startupMs / 1000,
    concurrency,
  };
}

function holdAt(requested: number, memory: LatencyMemory): Desired<LatencyMemory> {
  return { instances: requested, reason: "meeting", memory };
}

/** The state before the first reading. */
function open(input: Input, before: LatencyMemory | undefined): LatencyMemory {
  const { spec, reading, requested, learned } = input;
  return {
    model: beginLearning(input, hintsOf(spec)),
    moves: noMoves(requested),
    openedAt: reading.at,
    jobAt: reading.at,
    belief: undefined,
    ahead: openAhead(reading.at, before?.ahead, learned),
  };
}

function beliefOf(outlook: Outlook, ahead: Ahead | undefined): Belief {
  const { load, waiting, requested } = outlook;
  const { arrivalRate, serviceRate, startupSeconds } = load;
  const spare = requested * serviceRate - arrivalRate;
  return {
    arrivalRate,
    serviceRate,
    startupSeconds,
    drainSeconds: spare > 0 ? waiting / spare : undefined,
    expectedWaitSeconds: waitOf(outlook),
    forecastRate: ahead?.rate,
    forecastShare: ahead?.share,
  };
}

/** How long a job that arrives at the horizon waits; unknown if no instance can begin it. */
function waitOf({ backlog, requested, serviceRate }: Outlook): number | undefined {
  if (backlog === 0) return 0;
  return requested > 0 ? backlog / requested / serviceRate : undefined;
}

function startSecondsOf({ startCostMs }: LatencySpec, { load }: Outlook): number {
  return startCostMs === undefined ? load.startupSeconds : startCostMs / 1000;
}

function choose(input: Input, memory: LatencyMemory, outlook: Outlook): Desired<LatencyMemory> {
  const { spec, requested, max } = input;
  const { model, moves } = memory;
  const { isQuiet, enough } = lookForQuiet(memory, outlook);
  if (isQuiet && requested > 0 && moves.budget >= 1)
    return { instances: enough, reason: "below", memory };
  if (isQuiet) return holdAt(requested, memory);
  // One more than `max` says that `max` is not enough.
  const up = Math.min(goUp(outlook, model, max + 1), max + 1);
  const level = up > requested ? up : goDown(input, memory, outlook);
  const surplus = requested - level;
  if (surplus > 0) {
    moves.surplusSeconds += surplus * outlook.load.tickSeconds;
    const startSeconds = startSecondsOf(spec, outlook);
    if (!isWorthIt(moves, surplus, spec.changesPerMinute, startSeconds))
      return holdAt(requested, memory);
  }
  // None is too many any more.
  moves.surplusSeconds = 0;
  if (surplus === 0) return holdAt(requested, memory);
  return { instances: level, reason: surplus > 0 ? "below" : "above", memory };
}

/** How many instances are enough if no job was seen for long. */
function lookForQuiet(
  { model, moves, jobAt }: LatencyMemory,
  { requested, within, load }: Outlook,
): { readonly isQuiet: boolean; readonly enough: number } {
  // If only waiting jobs are known, none is seen while instances keep up. So half of the instances stop, and then the target decides again.
  // Without instances, nothing keeps up, so the last step down is no reason to start one.
  const isGuess = requested > 0 && isLengthAlone(model, load);
  const since = isGuess ? Math.max(jobAt, moves.downAt) : jobAt;
  const isQuiet = model.seen.at - since >= QUIET_WITHINS * within * 1000;
  return { isQuiet, enough: isGuess ? Math.floor(requested / 2) : 0 };
}

/** The desired number if more instances are needed now; otherwise 0. */
function goUp(outlook: Outlook, model: TaskModel, max: number): number {
  const { requested, load, backlog } = outlook;
  const { arrivalRate } = load;
  const least = isShort(outlook) ? levelOf(outlook, arrivalRate, 0, max) : 1;
  const later = inTimeInstances(outlook, model, load.tickSeconds);
  if (least <= requested) {
    if (later <= requested) return 0;
    // As long as the calm level will still be enough later, jobs may wait, because the burst may end by itself.
    if (later <= levelOf(outlook, arrivalRate, 0, max)) return 0;
  }
  const now = inTimeInstances(outlook, model, 0);
  return Math.max(
    least,
    Number.isFinite(now) ? now : 0,
    levelOf(outlook, arrivalRate, backlog, max),
  );
}

/** How many are enough: as many as now, or fewer if these surely are. */
function goDown({ max }: Input, memory: LatencyMemory, outlook: Outlook): number {
  const { model, openedAt } = memory;
  const { requested, load, waiting, within } = outlook;
  const most = load.lastingRate + SURE * Math.sqrt(load.lastingVariance);
  if (!isFewerEnough(outlook, most, max)) return requested;
  // After a restart with running instances, hardly anything is known, so the target goes only as far as is sure.
  const isNew = model.seen.at - openedAt < within * 1000;
  const level = levelOf(outlook, isNew ? most : load.lastingRate, waiting, max);
  return Math.min(requested, Math.max(level, enoughInstances(outlook, model)));
}

/** Whether fewer instances are enough at this arrival rate. */
function isFewerEnough(outlook: Outlook, arrivalRate: number, max: number): boolean {
  const { requested, serviceRate, waiting } = outlook;
  // This is enough in most cases, and the rest takes time.
  if (arrivalRate > (requested - 1) * serviceRate) return false;
  return levelOf(outlook, arrivalRate, waiting, max) < requested;
}

/** If the allowed wait is shorter than a job, a queue cannot be drained in time, so hardly any job may wait at all. */
function isShort({ within, serviceRate }: Demand): boolean {
  return within * serviceRate < 1;
}

/** The calm level. */
function levelOf(demand: Demand, arrivalRate: number, backlog: number, max: number): number {
  if (!isShort(demand)) return calmInstances(demand, arrivalRate, backlog, max);
  return erlangInstances(arrivalRate, demand.serviceRate, demand.within, LATE, max);
}
