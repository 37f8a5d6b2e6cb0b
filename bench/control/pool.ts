import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Case, Result } from "./case.ts";

/**
 * Runs the cases on all cores. The results do not depend on which thread took which, and come in the order of the cases.
 * @throws Error what a thread threw; the others are ended
 */
export async function runAll(cases: readonly Case[]): Promise<Result[]> {
  const results: (readonly Result[])[] = [];
  const workers: Worker[] = [];
  let next = 0;
  const runThread = (): Promise<void> => {
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      execArgv: ["--conditions=@microscaling/source"],
    });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      let current = -1;
      const takeNext = (): void => {
        if (next >= cases.length) return resolve();
        current = next++;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(cases[current]);
      };
      worker.on("message", (done: readonly Result[]) => {
        results[current] = done;
        takeNext();
      });
      worker.on("error", reject);
      takeNext();
    });
  };
  try {
    const threads = Math.min(availableParallelism(), cases.length);
    await Promise.all(Array.from({ length: threads }, runThread));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results.flat();
}
