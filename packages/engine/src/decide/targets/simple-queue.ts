import type { TargetSpec } from "../../spec.ts";
import { keepOne, lowerLength, type Desired, type Target, type TargetInput } from "./target.ts";

type SimpleSpec = Extract<TargetSpec, { use: "simple-queue" }>;

/** Adds one instance above `length`, and removes one below 70 % of it. This is the original engine's SimpleQueue. */
export const simpleQueueTarget: Target<SimpleSpec, undefined> = {
  reads: true,
  settles: true,
  desire: (input) => keepOne(stepOf(input), input),
};

function stepOf({
  spec,
  reading: { value },
  requested,
}: TargetInput<SimpleSpec>): Desired<undefined> {
  if (value > spec.length) return { instances: requested + 1, reason: "above", memory: undefined };
  if (value < lowerLength(spec.length))
    return { instances: requested - 1, reason: "below", memory: undefined };
  return { instances: requested, reason: "meeting", memory: undefined };
}
