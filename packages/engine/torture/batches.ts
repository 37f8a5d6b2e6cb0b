import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** Seeds that one thread lives through, `to` not included. */
export interface Batch {
  readonly from: number;
  readonly to: number;
  readonly minutes: number;
}

/** What came of them. */
export interface BatchDone {
  readonly from: number;
  readonly to: number;
  readonly failed: readonly number[];
  readonly events: number;
}

/** So many seeds are one message. */
const BATCH = 20;

/**
 * Lives through the seeds from `from` to `to`, `to` not included, on all cores.
 * @param done told of every batch; once it says that this is enough, no more are begun
 */
export async function runSeeds(
  { from, to, minutes }: Batch,
  done: (batch: BatchDone) => boolean,
): Promise<void> {
  const workers: Worker[] = [];
  let next = from;
  let isEnough = false;
  const runThread = (): Promise<void> => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      execArgv: ["--conditions=@microscaling/source"],
    });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      const takeNext = (): void => {
        if (next >= to || isEnough) return resolve();
        const batch = { from: next, to: Math.min(next + BATCH, to), minutes };
        next = batch.to;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(batch);
      };
      worker.on("message", (batch: BatchDone) => {
        isEnough = done(batch) || isEnough;
        takeNext();
      });
      worker.on("error", reject);
      takeNext();
    });
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, runThread));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
