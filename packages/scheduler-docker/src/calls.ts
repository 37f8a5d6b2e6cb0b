import { untilAborted, withTimeLimit, type Clock } from "@microscaling/core";
import type Docker from "dockerode";

import type { Connection } from "./connection.ts";
import { toDockerError, type Purpose } from "./docker-errors.ts";

/** Asks Docker something. What fails is one of our errors; an abort throws the signal's reason. */
export type Ask = <T>(
  purpose: Omit<Purpose, "at">,
  signal: AbortSignal,
  use: (docker: Docker) => Promise<T>,
) => Promise<T>;

/** Asks by way of `connection`. */
export function createAsk(connection: Connection): Ask {
  return async (purpose, signal, use) => {
    try {
      signal.throwIfAborted();
      return await untilAborted(signal, connection.client().then(use));
    } catch (error) {
      signal.throwIfAborted();
      throw toDockerError(error, { ...purpose, at: connection.at });
    }
  };
}

/** Does `work`, whose signal aborts after `ms` milliseconds or with `life`. For what goes on when the engine no longer waits for it. */
export function withDeadline<T>(
  { clock, life, ms }: { readonly clock: Clock; readonly life: AbortSignal; readonly ms: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withTimeLimit(
    { clock, ms, signal: life, late: new Error(`no answer within ${ms} ms`) },
    work,
  );
}
