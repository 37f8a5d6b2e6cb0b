import type { TargetSpec } from "../../spec.ts";
import { lowerLength, type Target } from "./target.ts";

type QueueSpec = Extract<TargetSpec, { use: "queue" }>;

/** What the controller remembers between readings. */
export interface QueueMemory {
  /** The last readings, oldest first: `velocitySamples` of them, once there are so many. */
  readonly recent: readonly number[];
  /** Σ of the errors so far. */
  readonly cumulated: number;
  /** Whether the error has been zero or has changed sign: before that the integral does not count. */
  readonly crossed: boolean;
}

const FRESH: QueueMemory = { recent: [], cumulated: 0, crossed: false };

/**
 * Keeps a queue at a length: the original engine's PD controller, PID-capable. With error e = reading − length and velocity v,
 * the mean of the last differences between readings, it moves by
 *
 *     floor(kP · e + kI · Σe + kD · v + 0.5)
 *
 * instances, up only above `length` and down only at or below 70 % of it. The integral counts only from the first time the error is
 * zero or changes sign, so that a queue which starts long does not wind it up.
 */
export const queueTarget: Target<QueueSpec, QueueMemory> = {
  reads: true,
  wish({ spec, value, requested }, memory = FRESH) {
    const { length, kP, kI, kD, velocitySamples } = spec;
    const { recent } = memory;
    // Before the first reading the queue counts as empty, as in the original.
    const previousError = (recent.at(-1) ?? 0) - length;
    const error = value - length;
    const cumulated = memory.cumulated + error;
    const crossed = memory.crossed || error === 0 || error > 0 !== previousError > 0;
    const full = recent.length === velocitySamples;
    const velocity = full ? (value - (recent[0] ?? 0)) / velocitySamples : 0;
    const delta = Math.floor(kP * error + (crossed ? kI * cumulated : 0) + kD * velocity + 0.5);
    const next: QueueMemory = { recent: remember(recent, value, full), cumulated, crossed };
    if (value > length) return { instances: requested + Math.max(0, delta), reason: "above", memory: next };
    if (value <= lowerLength(length)) {
      return { instances: requested + Math.min(0, delta), reason: "below", memory: next };
    }
    return { instances: requested, reason: "meeting", memory: next };
  },
};

function remember(recent: readonly number[], value: number, full: boolean): readonly number[] {
  if (!full) return [...recent, value];
  return recent.length === 1 ? [value] : [...recent.slice(1), value];
}
