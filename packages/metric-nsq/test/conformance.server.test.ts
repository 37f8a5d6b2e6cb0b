import { afterAll, beforeAll, describe, it } from "vitest";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import {
  buildNsq,
  createChannel,
  emptyChannel,
  pauseChannel,
  publish,
  startNsqd,
  type Nsqd,
} from "@microscaling/test-servers";
import plugin from "../src/index.ts";

let nsqd: Nsqd;
const channel = "work";

beforeAll(async () => {
  await buildNsq();
  nsqd = await startNsqd();
  for (const topic of ["queue0", "queue1"]) await createChannel(nsqd, topic, channel);
});
afterAll(() => nsqd.stop());

metricConformance(
  { describe, it },
  {
    plugin,
    clock: systemClock,
    options: () => ({ nsqd: [nsqd.http] }),
    invalidOptions: [
      { written: { nsqd: "127.0.0.1:4151" }, path: ["nsqd"] },
      { written: { nsqd: ["nowhere"] }, path: ["nsqd", 0] },
      { written: { partial: "yes" }, path: ["partial"] },
    ],
    queries: () => [
      { topic: "queue0", channel },
      { topic: "queue1", channel },
    ],
    invalidQueries: [
      { written: { topic: "queue0" }, path: ["channel"] },
      { written: { topic: "a b", channel }, path: ["topic"] },
    ],
    async setQueue(queue, length) {
      await emptyChannel(nsqd, `queue${queue}`, channel);
      await publish(nsqd, `queue${queue}`, length);
    },
    missing: [{ query: () => ({ topic: "nowhere", channel }), gives: "zero" }],
    unreachable: () => ({ nsqd: ["127.0.0.1:1"] }),
    outage: { begin: () => nsqd.halt(), end: () => nsqd.restart() },
    stall: { begin: () => nsqd.freeze(), end: () => nsqd.thaw() },
    pause: {
      begin: () => pauseChannel(nsqd, "queue0", channel),
      end: () => pauseChannel(nsqd, "queue0", channel, false),
    },
  },
);
