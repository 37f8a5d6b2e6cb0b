import {
  MicroscalingError,
  untilAborted,
  type Clock,
  type Metric,
  type ReadingParts,
  type ReadingResult,
} from "@microscaling/core";

/** A metric whose answers a test or a demo sets, task by task. A task without an answer fails. */
export interface ToyMetric extends Metric {
  /** From now on, the task reads this. The value is not checked, so that a test can set NaN. */
  set(task: string, value: number, parts?: ReadingParts): void;
  /** From now on, the task's reading is a failure with this message. */
  fail(task: string, message: string): void;
  /** From now on, the task is held for this reason. */
  hold(task: string, reason: string): void;
  /** From now on, no read ends before its signal aborts, until {@link ToyMetric.resume}. */
  hang(): void;
  /** Ends the reads that hang. Later reads end normally. */
  resume(): void;
  /** The number of reads that began. */
  readonly reads: number;
}

/** Creates a metric whose answers are set with calls. Every change is pushed to all watches. */
export function createToyMetric({ clock }: { readonly clock: Clock }): ToyMetric {
  const answers = new Map<string, (at: number) => ReadingResult>();
  const watchers = new Set<() => void>();
  let gate: PromiseWithResolvers<void> | undefined;
  let reads = 0;

  function answer(task: string, give: (at: number) => ReadingResult): void {
    answers.set(task, give);
    for (const changed of watchers) changed();
  }

  return {
    set(task, value, parts) {
      answer(task, (at) => ({
        kind: "reading",
        value,
        at,
        ...(parts === undefined ? {} : { parts }),
      }));
    },
    fail(task, message) {
      answer(task, () => failure(message));
    },
    hold(task, reason) {
      answer(task, () => ({ kind: "hold", reason }));
    },
    hang() {
      gate ??= Promise.withResolvers();
    },
    resume() {
      gate?.resolve();
      gate = undefined;
    },
    get reads() {
      return reads;
    },
    async read(queries, signal) {
      signal.throwIfAborted();
      reads += 1;
      const at = clock.now();
      if (gate !== undefined) await untilAborted(signal, gate.promise);
      return queries.map(
        ({ task }) => answers.get(task)?.(at) ?? failure(`no answer is set for ${task}`),
      );
    },
    async watch(_, changed, signal) {
      // Each watch is separate, even with the same function.
      const watcher = (): void => changed();
      watchers.add(watcher);
      await untilAborted(signal, new Promise<never>(() => {})).catch(() => {});
      watchers.delete(watcher);
    },
    close() {
      watchers.clear();
      return Promise.resolve();
    },
  };
}

function failure(message: string): ReadingResult {
  return { kind: "failure", error: new MicroscalingError("ERR_METRIC_RESPONSE", message) };
}
