import { MicroscalingError } from "@microscaling/core";

/**
 * Parses the total number of instances for `init`.
 * @throws MicroscalingError `ERR_USAGE`.
 */
export function parseCapacity(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new MicroscalingError(
    "ERR_USAGE",
    `expected a capacity from 1 to 999999 instances, found ${JSON.stringify(text)}`,
  );
}
