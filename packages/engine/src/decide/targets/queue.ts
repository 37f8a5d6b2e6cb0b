import type { TargetSpec } from "../../spec.ts";
import { keepOne, lowerLength, type Desired, type Target, type TargetInput } from "./target.ts";

type QueueSpec = Extract<TargetSpec, { use: "queue" }>;

/** What the controller remembers between readings. */
export interface QueueMemory {
  /** The newest reading. */
  readonly last: number;
  /** The earlier readings, newest first, as many as the velocity needs. */
  readonly earlier: readonly number[];
  /** The sum of the errors so far. */
  readonly cumulated: number;
  /** Whether the queue was ever at `length` or above. Before that, the integral does not count. */
  readonly crossed: boolean;
}

const NONE: readonly number[] = [];

/**
 * Keeps a queue at a length: the original engine's PD controller, which also supports PID. With the error e = reading − length and the velocity v, which
 * is the mean of the last differences between readings, it changes by
 *
 *     floor(kP · e + kI · Σe + kD · v + 0.5)
 *
 * instances. It goes up only above `length`, and down only at or below 70 % of `length`. The integral counts only after the queue has reached `length`
 * for the first time.
 */
export const queueTarget: Target<QueueSpec, QueueMemory> = {
  reads: true,
  settles: true,
  desire: (input, memory) => keepOne(control(input, memory), input),
};

function control(
  { spec, reading: { value }, requested }: TargetInput<QueueSpec>,
  memory: QueueMemory | undefined,
): Desired<QueueMemory> {
  const error = value - spec.length;
  const cumulated = (memory?.cumulated ?? 0) + error;
  // The original waits until the error is zero or changes its sign. Before the first reading, the queue counts as empty.
  const crossed = memory?.crossed === true || error >= 0;
  const integral = crossed ? spec.kI * cumulated : 0;
  const velocity = velocityOf(value, spec.velocitySamples, memory);
  const delta = Math.floor(spec.kP * error + integral + spec.kD * velocity + 0.5);
  const next: QueueMemory = {
    last: value,
    earlier: earlierThan(memory, spec.velocitySamples),
    cumulated,
    crossed,
  };
  if (error > 0)
    return { instances: requested + Math.max(0, delta), reason: "above", memory: next };
  if (value > lowerLength(spec.length))
    return { instances: requested, reason: "meeting", memory: next };
  return { instances: requested + Math.min(0, delta), reason: "below", memory: next };
}

/** The mean of the last `samples` differences; 0 until there are that many. */
function velocityOf(value: number, samples: number, memory: QueueMemory | undefined): number {
  if (memory === undefined) return 0;
  if (samples === 1) return value - memory.last;
  const oldest = memory.earlier[samples - 2];
  return oldest === undefined ? 0 : (value - oldest) / samples;
}

function earlierThan(memory: QueueMemory | undefined, samples: number): readonly number[] {
  if (memory === undefined || samples === 1) return NONE;
  return [memory.last, ...memory.earlier].slice(0, samples - 1);
}
