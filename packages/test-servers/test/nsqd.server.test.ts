import { afterEach, beforeAll, expect, test } from "vitest";
import { buildNsq, publish, startNsqd, startNsqlookupd } from "../src/index.ts";

const ends: (() => Promise<void>)[] = [];

beforeAll(buildNsq);
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function stats(http: string): Promise<string> {
  const response = await fetch(`http://${http}/stats?format=json&include_mem=false`);
  return response.text();
}

test("an nsqd keeps its ports and its messages over a restart", async () => {
  const nsqd = await startNsqd();
  ends.push(() => nsqd.stop());
  await publish(nsqd, "demo", 7);
  await nsqd.halt();
  await expect(stats(nsqd.http)).rejects.toThrow("fetch failed");
  await nsqd.restart();
  expect(await stats(nsqd.http)).toContain('"depth":7');
});

test("an nsqd registers at an nsqlookupd", async () => {
  const lookupd = await startNsqlookupd();
  ends.push(() => lookupd.stop());
  const nsqd = await startNsqd({ lookupd: [lookupd.tcp] });
  ends.push(() => nsqd.stop());
  const port = nsqd.http.split(":")[1];
  await expect
    .poll(async () => (await fetch(`http://${lookupd.http}/nodes`)).text())
    .toContain(`"http_port":${port}`);
});
