import type { Clock } from "@microscaling/core";

import type { Ask } from "./calls.ts";
import { statusOf } from "./errors.ts";

/** The interval, in milliseconds, so that a silent Docker is logged within five seconds. */
const PING_MS = 1500;

/**
 * Checks at intervals whether Docker answers, until the signal aborts.
 * @throws MicroscalingError as soon as it does not answer.
 */
export async function pingAgainAndAgain(
  ask: Ask,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const question = { code: "ERR_SCHEDULER_REFUSED", doing: "ping", quick: true } as const;
  for (;;) {
    await clock.sleep(PING_MS, signal);
    // Any answer is enough, because a proxy may forbid this request.
    await ask(question, signal, (docker) =>
      docker.ping().catch((error: unknown) => {
        if (statusOf(error) === undefined) throw error;
      }),
    );
  }
}
