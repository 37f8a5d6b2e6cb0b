import {
  isMicroscalingError,
  MicroscalingError,
  withTimeLimit,
  type PluginContext,
} from "@microscaling/core";

/** The masters of one cluster: any of them may be asked, and the one that answered last is asked first. */
export interface Masters {
  /**
   * What the first master gives that answers.
   * @param isLeaderless whether an answer says no more than that its master cannot help; it is what is given when no master can.
   * @throws MicroscalingError when none answers; the signal's reason when it aborts.
   */
  first<T>(work: Work<T>, signal: AbortSignal, isLeaderless: (answer: T) => boolean): Promise<T>;
  /** What the master gives that answered last. */
  current<T>(work: Work<T>, signal: AbortSignal): Promise<T>;
}

/** Something that is asked of one master, by its URL without a slash at the end. */
export type Work<T> = (master: string, signal: AbortSignal) => Promise<T>;

/** With other masters to turn to, one that has not answered after this many milliseconds is skipped. */
const PASS_OVER_MS = 3000;
/** A master that has not answered after this many milliseconds is mentioned in the log. */
const SLOW_MS = 2500;

/** Makes the masters of these URLs. */
export function createMasters(urls: readonly string[], { clock, logger }: PluginContext): Masters {
  const masters = urls.map((url) => url.replace(/\/+$/, ""));
  let answered = 0;
  /** Masters of which the log says that they do not answer. */
  const slow = new Set<string>();

  /** Says that an answer does not come, once until the next one. */
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

  /** An error of the master's own; what else goes wrong, no other master can fix. */
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
