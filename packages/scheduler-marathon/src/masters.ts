import {
  isMicroscalingError,
  MicroscalingError,
  withTimeLimit,
  type PluginContext,
} from "@microscaling/core";

/** The masters of one cluster. Any of them can answer. The one that answered last is asked first. */
export interface Masters {
  /**
   * Returns the result of the first master that answers.
   * @param isLeaderless whether an answer only means that this master has no leader. Such an answer is returned if no master has a better one.
   * @throws MicroscalingError if none answers; the signal's reason if it aborts.
   */
  first<T>(work: Work<T>, signal: AbortSignal, isLeaderless: (answer: T) => boolean): Promise<T>;
  /** Returns the result of the master that answered last. */
  current<T>(work: Work<T>, signal: AbortSignal): Promise<T>;
}

/** A request to one master, by the master's URL without a slash at the end. */
export type Work<T> = (master: string, signal: AbortSignal) => Promise<T>;

/** A master that has not answered after this many milliseconds is skipped, if there are other masters. */
const PASS_OVER_MS = 3000;
/** The log reports a master that has not answered after this many milliseconds. */
const SLOW_MS = 2500;

/** Creates the masters with these URLs. */
export function createMasters(urls: readonly string[], { clock, logger }: PluginContext): Masters {
  const masters = urls.map((url) => url.replace(/\/+$/, ""));
  let answered = 0;
  /** Masters that were logged as not answering. */
  const slow = new Set<string>();

  /** Logs once that a master does not answer, until its next answer. */
  async function watched<T>(master: string, asked: () => Promise<T>): Promise<T> {
    const over = new AbortController();
    void clock.sleep(SLOW_MS, over.signal).then(
      () => saySlow(master),
      () => {},
    );
    try {
      const answer = await asked();
      slow.delete(master);
      return answer;
    } finally {
      over.abort();
    }
  }

  function saySlow(master: string): void {
    if (slow.has(master)) return;
    slow.add(master);
    logger.warn(`Marathon at ${master} has not answered for ${SLOW_MS / 1000} s`);
  }

  /** An error of this master. With any other error, another master cannot help. */
  async function tryOne<T>(
    master: string,
    work: Work<T>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: T } | { readonly error: MicroscalingError }> {
    const late = new MicroscalingError(
      "ERR_SCHEDULER_UNREACHABLE",
      `Marathon at ${master} did not answer within ${PASS_OVER_MS / 1000} s`,
    );
    const limit = { clock, ms: PASS_OVER_MS, signal, late };
    try {
      const asked = (inner: AbortSignal): Promise<T> => watched(master, () => work(master, inner));
      return { answer: await (masters.length === 1 ? asked(signal) : withTimeLimit(limit, asked)) };
    } catch (error) {
      signal.throwIfAborted();
      if (isMicroscalingError(error)) return { error };
      throw error;
    }
  }

  function note(index: number): void {
    if (index === answered) return;
    logger.warn(`Marathon at ${masters[answered]} fails; asking ${masters[index]} from now on`);
    answered = index;
  }

  return {
    async first(work, signal, isLeaderless) {
      const failures: MicroscalingError[] = [];
      const leaderless = [];
      const begin = answered;
      for (let i = 0; i < masters.length; i++) {
        const index = (begin + i) % masters.length;
        const tried = await tryOne(masters[index] ?? "", work, signal);
        if ("error" in tried) failures.push(tried.error);
        else if (isLeaderless(tried.answer)) leaderless.push(tried.answer);
        else {
          note(index);
          return tried.answer;
        }
      }
      const [answer] = leaderless;
      if (answer !== undefined) return answer;
      throw noneAnswers(failures);
    },
    current: (work, signal) => work(masters[answered] ?? "", signal),
  };
}

function noneAnswers(failures: readonly MicroscalingError[]): Error {
  const [first] = failures;
  if (first === undefined) return new Error("no master configured");
  if (failures.length === 1) return first;
  return new MicroscalingError(
    first.code,
    `none of the ${failures.length} masters answers: ${first.message}`,
    { cause: first, details: failures.map(({ message }) => message) },
  );
}
