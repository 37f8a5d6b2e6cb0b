import {
  MicroscalingError,
  untilAborted,
  withTimeLimit,
  type Clock,
  type Logger,
} from "@microscaling/core";
import type Docker from "dockerode";

import type { Connection } from "./connection.ts";
import { toDockerError, type Purpose } from "./errors.ts";

/** A request to Docker. */
export interface Question extends Omit<Purpose, "at"> {
  /** Whether a healthy Docker answers at once, so that no answer within five seconds is a failure. */
  readonly quick?: boolean;
}

/** Asks Docker something. Throws a MicroscalingError if that fails, or the signal's reason if the signal aborts. */
export type Ask = <T>(
  question: Question,
  signal: AbortSignal,
  use: (docker: Docker, signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** A quick request without an answer is logged after the first time and fails after the second, in milliseconds. */
const SAY_MS = 3000;
const QUICK_MS = 5000;

/** Creates a function that asks Docker through `connection`. */
export function createAsk(
  connection: Connection,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Ask {
  const { at } = connection;
  /** Whether the log already says that Docker does not answer. */
  let said = false;

  function saySilence(doing: string): void {
    if (said) return;
    said = true;
    logger.warn(`Docker at ${at} has not answered for ${SAY_MS / 1000} s: ${doing}`);
  }

  /** Runs `work`, and logs a warning if Docker takes long. */
  async function quickly<T>(
    doing: string,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new MicroscalingError(
      "ERR_SCHEDULER_UNREACHABLE",
      `Docker at ${at} did not answer within ${QUICK_MS / 1000} s: ${doing}`,
    );
    return withTimeLimit({ clock, ms: QUICK_MS, signal: outer, late }, async (signal) => {
      clock.sleep(SAY_MS, signal).then(
        () => saySilence(doing),
        () => {},
      );
      const answer = await untilAborted(signal, work(signal));
      if (said) logger.info(`Docker at ${at} answers again`);
      said = false;
      return answer;
    });
  }

  return async ({ quick = false, ...purpose }, signal, use) => {
    const work = async (inner: AbortSignal): ReturnType<typeof use> =>
      use(await connection.client(), inner);
    try {
      signal.throwIfAborted();
      if (quick) return await quickly(purpose.doing, signal, work);
      return await untilAborted(signal, work(signal));
    } catch (error) {
      signal.throwIfAborted();
      throw toDockerError(error, { ...purpose, at });
    }
  };
}

/** Runs `work`, whose signal aborts after `ms` milliseconds or with `life`. For work that continues when the engine no longer waits for it. */
export function withDeadline<T>(
  { clock, life, ms }: { readonly clock: Clock; readonly life: AbortSignal; readonly ms: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withTimeLimit(
    { clock, ms, signal: life, late: new Error(`no answer within ${ms} ms`) },
    work,
  );
}
