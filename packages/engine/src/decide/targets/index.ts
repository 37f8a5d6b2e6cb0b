import type { TargetSpec } from "../../spec.ts";
import { autoQueueTarget } from "./auto-queue.ts";
import { latencyTarget } from "./latency.ts";
import { queueTarget } from "./queue.ts";
import { simpleQueueTarget } from "./simple-queue.ts";
import type { Target } from "./target.ts";

const remainderTarget: Target<TargetSpec, undefined> = {
  reads: false,
  settles: true,
  desire: ({ max }) => ({ instances: max, reason: "remainder", memory: undefined }),
};

const fixedTarget: Target<Extract<TargetSpec, { use: "fixed" }>, undefined> = {
  reads: false,
  settles: true,
  desire: ({ spec }) => ({ instances: spec.instances, reason: "fixed", memory: undefined }),
};

/** For tasks that are removed. */
const drainTarget: Target<TargetSpec, undefined> = {
  reads: false,
  settles: false,
  desire: () => ({ instances: 0, reason: "draining", memory: undefined }),
};

// Each target receives only the spec and the memory of its own kind.
type AnyTarget = Target<TargetSpec, unknown>;

const TARGETS = {
  queue: queueTarget as AnyTarget,
  "simple-queue": simpleQueueTarget as AnyTarget,
  remainder: remainderTarget as AnyTarget,
  fixed: fixedTarget as AnyTarget,
  drain: drainTarget as AnyTarget,
  latency: latencyTarget as AnyTarget,
} satisfies Record<TargetSpec["use"], AnyTarget>;

/** Returns the target that a task's `target: { use }` names. */
export function targetOf(spec: TargetSpec): Target<TargetSpec, unknown> {
  if (spec.use === "queue" && spec.gains === "auto") return autoQueueTarget;
  return TARGETS[spec.use];
}
