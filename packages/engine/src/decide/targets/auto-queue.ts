import type { Belief } from "@microscaling/core";
import type { TargetSpec } from "../../spec.ts";
import { beginLearning, gapOf, learn, loadOf, type Hints, type Learned } from "../learn/learn.ts";
import type { Target } from "./target.ts";

type QueueSpec = Extract<TargetSpec, { use: "queue" }>;

/** What the controller remembers between readings. */
export interface AutoQueueMemory {
  readonly learned: Learned;
  /** ∫e/τ, in jobs. */
  readonly integral: number;
  /** What it desired last. */
  readonly desired: number;
  readonly belief: Belief | undefined;
}

/** The scale of time that a queue's length does not give: how fast what is learned may drift, and what a start is taken to last at first. */
const HINTS: Hints = { within: 10, serviceTime: undefined, startupTime: undefined };

/** A smaller change, as a part of what there is, is noise. */
const CALM = 0.15;

/**
 * Keeps a queue at a length with gains that fit what it learns: a PI controller on top of what arrives. For a queue, which integrates,
 * behind a dead time θ (a start and the time between readings), with μ jobs a second that an instance finishes and e = waiting − length,
 *
 *     N = λ/μ + K·(e + ∫e/τ),   K = 1 / (2·μ·θ),   τ = 8·θ
 *
 * These are the SIMC rules (Skogestad, J. Process Control 13, 2003) for the tightest tuning that is robust. What has been cut, by the
 * bounds or for others, is not integrated.
 */
export const autoQueueTarget: Target<QueueSpec, AutoQueueMemory> = {
  reads: true,
  settles: false,
  learns: true,
  desire(input, memory) {
    const { spec, reading, requested, row } = input;
    if (memory === undefined) {
      const learned = beginLearning(input, HINTS);
      const begun = { learned, integral: 0, desired: requested, belief: undefined };
      return { instances: requested, reason: "meeting", memory: begun };
    }
    if (reading.at <= row.at) return { instances: requested, reason: "meeting", memory };
    const earlierGap = gapOf(row);
    const learned = learn(memory.learned, input, HINTS.within);
    const load = loadOf(learned, row, earlierGap);
    const { arrivalRate, serviceRate, startupSeconds, tickSeconds } = load;
    const deadTime = startupSeconds + tickSeconds;
    const error = reading.value - spec.length;
    const isCut = error > 0 ? requested < memory.desired : requested > memory.desired;
    const integral = memory.integral + (isCut ? 0 : (error * tickSeconds) / (8 * deadTime));
    const fed = arrivalRate / serviceRate;
    const exact = Math.max(0, fed + (error + integral) / (2 * serviceRate * deadTime));
    const isNoise = Math.abs(exact - requested) < Math.max(1, CALM * requested);
    const instances = isNoise ? requested : Math.round(exact);
    const reason = instances > requested ? "above" : instances < requested ? "below" : "meeting";
    return {
      instances,
      reason,
      memory: {
        learned,
        integral,
        desired: instances,
        belief: { arrivalRate, serviceRate, startupSeconds },
      },
    };
  },
  belief: (memory) => memory.belief,
};
