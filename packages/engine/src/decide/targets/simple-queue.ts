import type { TargetSpec } from "../../spec.ts";
import { lowerLength, type Target } from "./target.ts";

/** One instance more above the length, one less below 70 % of it. The original engine's SimpleQueue. */
export const simpleQueueTarget: Target<Extract<TargetSpec, { use: "simple-queue" }>, undefined> = {
  reads: true,
  settles: true,
  desire({ spec, reading: { value }, requested }) {
    if (value > spec.length)
      return { instances: requested + 1, reason: "above", memory: undefined };
    if (value < lowerLength(spec.length))
      return { instances: requested - 1, reason: "below", memory: undefined };
    return { instances: requested, reason: "meeting", memory: undefined };
  },
};
