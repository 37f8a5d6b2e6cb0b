import type { Belief } from "@microscaling/core";
import type { TargetSpec } from "../../spec.ts";
import { beginLearning, learn, loadOf, useOf, type Hints } from "../learn/learn.ts";
import type { TaskModel } from "../learn/task-model.ts";
import { keepOne, type Desired, type Target, type TargetInput } from "./target.ts";

type QueueSpec = Extract<TargetSpec, { use: "queue" }>;

/** What the controller remembers between readings. */
export interface AutoQueueMemory {
  readonly model: TaskModel;
  /** ∫e/τ, in jobs. */
  integral: number;
  /** The last desired number. */
  desired: number;
  belief: Belief | undefined;
}

/** The scale of time, which a queue's length does not give: how fast the load may drift, and the assumed duration of a start at first. */
const HINTS: Hints = { within: 10, serviceTime: undefined, startupTime: undefined };

/** A smaller relative change is noise. */
const CALM = 0.15;

/**
 * Keeps a queue at a length with learned gains: a PI controller on top of the arrival rate. For a queue, which integrates, with a dead time θ (a start
 * plus the time between readings), μ jobs per second that an instance finishes, and e = waiting − length,
 *
 *     N = λ/μ + K·(e + ∫e/τ),   K = 1 / (2·μ·θ),   τ = 8·θ
 *
 * These are the SIMC rules (Skogestad, J. Process Control 13, 2003) for the tightest robust tuning. Instances that the bounds or other tasks prevent are
 * not integrated.
 */
export const autoQueueTarget: Target<QueueSpec, AutoQueueMemory> = {
  reads: true,
  settles: false,
  desire: (input, memory) => keepOne(control(input, memory), input),
  belief: (memory) => memory.belief,
};

function control(
  input: TargetInput<QueueSpec>,
  memory: AutoQueueMemory | undefined,
): Desired<AutoQueueMemory> {
  const { spec, reading, requested } = input;
  const use = useOf(memory?.model, reading);
  if (memory === undefined || use === "begin") {
    const model = beginLearning(input, HINTS);
    const begun = { model, integral: 0, desired: requested, belief: undefined };
    return { instances: requested, reason: "meeting", memory: begun };
  }
  if (use === "ignore") return { instances: requested, reason: "meeting", memory };
  const { model } = memory;
  learn(model, input, HINTS.within);
  const load = loadOf(model, HINTS.within);
  const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
  const deadTime = startupSeconds + tickSeconds;
  const error = reading.value - spec.length;
  const isCut = error > 0 ? requested < memory.desired : requested > memory.desired;
  memory.integral += isCut ? 0 : (error * tickSeconds) / (8 * deadTime);
  const fed = arrivalRate / serviceRate;
  const exact = Math.max(0, fed + (error + memory.integral) / (2 * serviceRate * deadTime));
  const isNoise = Math.abs(exact - requested) < Math.max(1, CALM * requested);
  const instances = isNoise ? requested : Math.round(exact);
  const reason = instances > requested ? "above" : instances < requested ? "below" : "meeting";
  memory.desired = instances;
  memory.belief = { arrivalRate, serviceRate, startupSeconds };
  return { instances, reason, memory };
}
