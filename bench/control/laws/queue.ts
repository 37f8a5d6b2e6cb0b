import type { View } from "@microscaling/simulator";

/** Jobs that wait or are being worked on; nothing when the reading was lost. */
export function backlogOf({ reading }: View): number | undefined {
  if (reading === undefined) return undefined;
  return reading.value + (reading.parts.inFlight ?? 0);
}

/** At least one instance, as all that is compared, and no more than there may be. */
export function clip(instances: number, max: number): number {
  return Math.min(max, Math.max(1, instances));
}
