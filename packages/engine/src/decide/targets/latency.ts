import type { TargetSpec } from "../../spec.ts";
import type { Target } from "./target.ts";

type LatencySpec = Extract<TargetSpec, { use: "latency" }>;

/** Keeps the wait of every job within a limit. Being built: holds what there is. */
export const latencyTarget: Target<LatencySpec, undefined> = {
  reads: true,
  settles: false,
  wish: ({ requested }) => ({ instances: requested, reason: "meeting", memory: undefined }),
};
