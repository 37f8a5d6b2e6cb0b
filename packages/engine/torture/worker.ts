// One thread of torture: lives through the seeds that it is given.
import { parentPort } from "node:worker_threads";
import { simulate } from "./simulate.ts";
import type { Batch, BatchDone } from "./batches.ts";

// Worlds throw all the time, and nobody reads where from: a seed that fails is lived through again.
Error.stackTraceLimit = 0;

parentPort!.on("message", ({ from, to, minutes }: Batch) => {
  const failed: number[] = [];
  let events = 0;
  for (let seed = from; seed < to; seed++) {
    const outcome = simulate(seed, minutes);
    events += outcome.events;
    if (outcome.violation !== undefined) failed.push(seed);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage({ from, to, failed, events } satisfies BatchDone);
});
