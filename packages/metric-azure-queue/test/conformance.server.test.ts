import { afterAll, beforeAll, describe, it } from "vitest";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import {
  clearAzureQueue,
  createAzureQueue,
  sendToAzureQueue,
  startAzurite,
  type Azurite,
} from "@microscaling/test-servers";
import plugin from "../src/index.ts";

let azurite: Azurite;
/** What the queues hold, since a restarted Azurite knows nothing. */
const lengths = [0, 0];

async function setQueue(queue: 0 | 1, length: number): Promise<void> {
  await clearAzureQueue(azurite, `queue${queue}`);
  await sendToAzureQueue(azurite, `queue${queue}`, { n: length });
  lengths[queue] = length;
}

async function fill(): Promise<void> {
  for (const queue of [0, 1] as const) {
    await createAzureQueue(azurite, `queue${queue}`);
    await setQueue(queue, lengths[queue] ?? 0);
  }
}

beforeAll(async () => {
  azurite = await startAzurite();
  await fill();
});
afterAll(() => azurite.stop());

describe.each(["all", "visible"])("count: %s", (count) => {
  metricConformance(
    { describe, it },
    {
      plugin,
      clock: systemClock,
      options: () => ({ connectionString: azurite.connectionString }),
      invalidOptions: [
        { written: { connectionString: "AccountName=a" }, path: ["connectionString"] },
        { written: { account: "Not_An_Account" }, path: ["account"] },
        { written: { account: "store", key: "a2V5", sas: "sig=x" }, path: ["sas"] },
      ],
      queries: () => [
        { queue: "queue0", count },
        { queue: "queue1", count },
      ],
      invalidQueries: [
        { written: {}, path: ["queue"] },
        { written: { queue: "Queue" }, path: ["queue"] },
        { written: { queue: "queue", count: "some" }, path: ["count"] },
      ],
      setQueue,
      secret: () => azurite.key,
      missing: [{ query: () => ({ queue: "nowhere", count }), gives: "failure" }],
      unreachable: () => ({ account: "store", key: "a2V5", endpoint: "http://127.0.0.1:1/store" }),
      outage: {
        begin: () => azurite.halt(),
        async end() {
          await azurite.restart();
          await fill();
        },
      },
      stall: { begin: () => azurite.freeze(), end: () => azurite.thaw() },
    },
  );
});
