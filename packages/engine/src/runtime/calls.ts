import { type Clock, formatDuration, MicroscalingError } from "@microscaling/core";
import type { Answer } from "../events.ts";

/** One call to a plugin. */
export interface Call {
  readonly id: number;
  /** Names the call in the error when time is up, such as `scheduler docker: scale consumer`. */
  readonly what: string;
  /** The deadline, in milliseconds. */
  readonly timeoutMs: number;
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  /** Called once: when the call ends, when its time is up, or when it is cancelled. */
  readonly answered: (answer: Answer) => void;
  /** Called when an abandoned call ends. */
  readonly returned: () => void;
}

/** The calls in progress. */
export interface Calls {
  begin(call: Call): void;
  /** Stops waiting for a call. */
  cancel(id: number, why: string): void;
  cancelAll(why: string): void;
  /** Resolves when no call is in progress. */
  idle(): Promise<void>;
}

/** Makes calls. Each has a deadline that applies even if the plugin ignores its signal. */
export function createCalls(clock: Clock): Calls {
  const underWay = new Map<number, (error: Error) => void>();
  let waiting: (() => void)[] = [];

  function begin({ id, what, timeoutMs, work, answered, returned }: Call): void {
    const controller = new AbortController();
    const answer = (given: Answer): void => {
      underWay.delete(id);
      answered(given);
      if (underWay.size > 0) return;
      for (const resolve of waiting.splice(0)) resolve();
    };
    const isUnderWay = (): boolean => underWay.has(id);
    const giveUp = (error: Error): void => {
      if (!isUnderWay()) return;
      controller.abort(error);
      answer({ kind: "abandoned", error });
    };
    const end = (given: Answer): void => {
      if (!isUnderWay()) return returned();
      controller.abort();
      answer(given);
    };
    underWay.set(id, giveUp);
    const late = `${what}: expected an answer within ${formatDuration(timeoutMs)}, found none`;
    clock.sleep(timeoutMs, controller.signal).then(
      () => giveUp(new MicroscalingError("ERR_DEADLINE", late)),
      () => {},
    );
    // The async wrapper turns what a plugin throws synchronously into a rejection.
    (async () => work(controller.signal))().then(
      (value: unknown) => end({ kind: "value", value }),
      (error: unknown) => end({ kind: "error", error }),
    );
  }

  return {
    begin,
    cancel(id, why) {
      underWay.get(id)?.(new DOMException(why, "AbortError"));
    },
    cancelAll(why) {
      for (const giveUp of underWay.values()) giveUp(new DOMException(why, "AbortError"));
    },
    idle() {
      if (underWay.size === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
