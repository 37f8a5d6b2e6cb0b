// The demo's load: a trickle of orders and mails, and bursts of each.
import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "./queue.ts";

const TRICKLE_MS = 500;
const BURST_MS = 7000;

/** Bursts: how long after the start of each round, which topic, and how many jobs. */
const BURSTS = [
  { afterMs: 1500, topic: "orders", jobs: 120 },
  { afterMs: 3500, topic: "mails", jobs: 50 },
] as const;

/** Publishes jobs until `signal` aborts. Background work never runs out. */
export async function runLoad(queue: Queue, signal: AbortSignal): Promise<void> {
  queue.publish("background", 100_000);
  let bursts = 0;
  const repeat = async (
    topic: string,
    jobs: number,
    afterMs: number,
    everyMs: number,
    isBurst: boolean,
  ) => {
    for (let ms = afterMs; ; ms = everyMs) {
      await sleep(ms, undefined, { signal });
      queue.publish(topic, jobs, isBurst ? (bursts += 1) : undefined);
    }
  };
  const all = [
    repeat("orders", 1, 0, TRICKLE_MS, false),
    repeat("mails", 1, 0, TRICKLE_MS, false),
    ...BURSTS.map(({ topic, jobs, afterMs }) => repeat(topic, jobs, afterMs, BURST_MS, true)),
  ];
  await Promise.all(all).catch(() => {});
}
