import type { Clock } from "@microscaling/core";

import type { Ask } from "./calls.ts";
import { statusOf } from "./errors.ts";

/** How often, in milliseconds: silence is said within five seconds. */
const PING_MS = 1500;

/**
 * Asks Docker again and again whether it is there, until the signal aborts.
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
    // Any answer will do: a proxy may forbid this question.
    await ask(question, signal, (docker) =>
      docker.ping().catch((error: unknown) => {
        if (statusOf(error) === undefined) throw error;
      }),
    );
  }
}
