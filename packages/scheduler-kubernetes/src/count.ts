import type { Counts } from "@microscaling/core";

import type { PodCount } from "./pod-counter.ts";
import type { ScaledObject } from "./scaled-object.ts";

/**
 * How many instances an object has. What is there beyond what is wanted has been asked to stop, even where its controller has not got to it.
 * @param wanted how many are asked for, by the object or by a request that it does not show yet.
 * @param pods absent where pods may not be read: then those that end are not seen.
 */
export function countInstances(
  object: Pick<ScaledObject, "present" | "ready">,
  wanted: number,
  pods: PodCount | undefined,
): Counts {
  const ready = object.ready ?? 0;
  const present = pods?.present ?? Math.max(object.present, ready);
  // The controller of StatefulSets calls pods ready that are stopping already; those are not among the present ones.
  const running = Math.min(ready, wanted, present);
  return {
    running,
    starting: wanted - running,
    stopping: Math.max(0, present - wanted) + (pods?.stopping ?? 0),
    requested: wanted,
  };
}
