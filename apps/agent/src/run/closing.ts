import type { Clock, Logger } from "@microscaling/core";
import { endsWithin } from "./within.ts";

/** The shortest time that each part gets to close, in milliseconds. */
export const CLOSE_MS = 5000;

/** Waits until one part is closed or its time is up. Never rejects. */
export type Close = (what: string, work: Promise<unknown> | undefined) => Promise<void>;

/** Closes the agent's parts one after another, all within `graceMs` and a little more. Logs a part that hangs, and no longer waits for it. */
export function createClosing(context: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly graceMs: number;
}): Close {
  const { clock, logger, graceMs } = context;
  const endAt = clock.monotonic() + graceMs + CLOSE_MS;
  return async (what, work) => {
    if (work === undefined) return;
    const ms = Math.max(CLOSE_MS, endAt - clock.monotonic());
    const ended = await endsWithin(clock, ms, work).catch((error: unknown) => {
      logger.error(`cannot close ${what}`, { error });
      return true;
    });
    if (!ended) logger.warn(`${what} did not close in time`);
  };
}
