import type { Counts } from "@microscaling/core";

import type { PodCount } from "./pod-counter.ts";
import type { ScaledObject } from "./scaled-object.ts";

/** What is known of an object's pods besides what its controller says. */
export interface Known {
  /** How many are asked for, by the object or by a request that it does not show yet. */
  readonly wanted: number;
  /** Absent where pods may not be read. */
  readonly pods: PodCount | undefined;
  /** The highest number that its controller may still be at work on. */
  readonly peak: number;
  /** How many may still stop, where pods may not be read. */
  readonly leaving: number;
}

/** How many instances an object has. What is there beyond what is wanted was asked to stop, even where its controller has not got to it. */
export function countInstances(
  object: Pick<ScaledObject, "present" | "ready">,
  { wanted, pods, peak, leaving }: Known,
): Counts {
  const ready = object.ready ?? 0;
  const present = pods?.present ?? Math.max(object.present, ready);
  // The controller of StatefulSets calls pods ready that are stopping already; those are not among the present ones.
  const running = Math.min(ready, wanted, present);
  const beyond = Math.max(present, peak) - wanted;
  return {
    running,
    starting: wanted - running,
    stopping: Math.max(0, beyond) + (pods?.stopping ?? leaving),
    requested: wanted,
  };
}
