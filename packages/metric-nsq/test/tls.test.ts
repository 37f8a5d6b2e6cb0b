import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, beforeAll, expect, test } from "vitest";
import { channel, startFakeServer, stats, topic, type FakeServer } from "./fake-server.ts";
import { makeMetric, readOne } from "./make.ts";

let folder: string;
let ca: string;
let pair: { cert: string; key: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microscaling-nsq-"));
  ca = join(folder, "ca.pem");
  const made = await generate([{ name: "commonName", value: "nsqd" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  pair = { cert: made.cert, key: made.private };
  await writeFile(ca, made.cert);
});
afterAll(() => rm(folder, { recursive: true }));

function startTlsServer(): Promise<FakeServer> {
  return startFakeServer(stats(topic("demo", [channel("work", { depth: 8 })])), pair);
}

test("with tls, an address without a scheme is asked over HTTPS and its certificate is checked", async () => {
  const nsqd = await startTlsServer();
  const metric = await makeMetric({ nsqd: [nsqd.address], tls: { ca } });
  expect(await readOne(metric)).toMatchObject({ value: 8 });
});

test("a certificate of an unknown authority is refused, and says what to set", async () => {
  const nsqd = await startTlsServer();
  const metric = await makeMetric({ nsqd: [`https://${nsqd.address}`] });
  await expect(readOne(metric)).rejects.toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringMatching(/TLS failed \(.*\)\. Check `tls`$/) as unknown,
  });
  expect(nsqd.requests).toEqual([]);
});

test("a file that is not there is named, and read once it is", async () => {
  const nsqd = await startTlsServer();
  const later = join(folder, "later.pem");
  const metric = await makeMetric({ nsqd: [nsqd.address], tls: { ca: later } });
  await expect(readOne(metric)).rejects.toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringContaining(later) as unknown,
  });
  await writeFile(later, pair.cert);
  expect(await readOne(metric)).toMatchObject({ value: 8 });
});
