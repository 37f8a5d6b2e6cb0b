import type { Clock, Logger } from "@microscaling/core";

/** What following a plugin's `watch` needs. */
export interface FollowContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Watches until `signal` aborts. A watch that ends or fails begins again after `pauseMs` milliseconds. The caller polls meanwhile. */
export async function follow(
  { clock, logger, signal }: FollowContext,
  what: string,
  pauseMs: number,
  watch: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await watch();
    } catch (error) {
      if (!signal.aborted) logger.debug(`${what}: watch ended`, { error: String(error) });
    }
    await clock.sleep(pauseMs, signal);
  }
}
