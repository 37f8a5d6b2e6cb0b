import type { Clock } from "@microscaling/core";
import type Docker from "dockerode";

import type { Connection } from "./connection.ts";
import { toDockerError, type Purpose } from "./docker-errors.ts";

/** `promise`, or the signal's reason as soon as it aborts: dockerode does not end every call that is aborted. */
export async function raced<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  // One of the two is always left over, and is nobody's failure.
  promise.catch(() => {});
  aborted.promise.catch(() => {});
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

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
      return await raced(signal, connection.client().then(use));
    } catch (error) {
      signal.throwIfAborted();
      throw toDockerError(error, { ...purpose, at: connection.at });
    }
  };
}

/** Does `work`, whose signal aborts after `ms` milliseconds or with `life`. For what goes on when the engine no longer waits for it. */
export async function withDeadline<T>(
  { clock, life, ms }: { readonly clock: Clock; readonly life: AbortSignal; readonly ms: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, done.signal).then(
    () => late.abort(new Error(`no answer within ${ms} ms`)),
    () => {},
  );
  try {
    return await work(AbortSignal.any([late.signal, life]));
  } finally {
    done.abort();
  }
}
