import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { systemClock, type Metric } from "@microscaling/core";
import {
  buildNsq,
  createChannel,
  emptyChannel,
  pauseChannel,
  pauseTopic,
  publish,
  publishDeferred,
  startNsqd,
  startNsqlookupd,
  type Nsqd,
  type NsqdOptions,
} from "@microscaling/test-servers";
import type { NsqQuery } from "../src/index.ts";
import { createContext } from "./fake-server.ts";
import { startConsumer } from "./consumer.ts";
import { demo, makeMetric, readOne } from "./make.ts";

const { topic, channel } = demo;

async function start(options: NsqdOptions = {}): Promise<Nsqd> {
  const nsqd = await startNsqd(options);
  onTestFinished(() => nsqd.stop());
  return nsqd;
}

/** For polling, since nsqd moves messages from topics to channels and to consumers in its own time. */
function reading(metric: Metric<NsqQuery>): () => Promise<unknown> {
  return () => readOne(metric).catch((error: unknown) => error);
}

beforeAll(buildNsq);

test("a channel's life: not there, filled, worked on, given back, finished, emptied", async () => {
  const nsqd = await start();
  const metric = await makeMetric({ nsqd: [nsqd.http] });
  const becomes = (ready: number, inFlight: number, delayed: number, arrived: number) =>
    expect
      .poll(reading(metric))
      .toMatchObject({ value: ready, parts: { ready, inFlight, delayed, arrived } });
  await becomes(0, 0, 0, 0);
  await publish(nsqd, topic, 20);
  await becomes(20, 0, 0, 20);
  await createChannel(nsqd, topic, channel);
  await becomes(20, 0, 0, 20);
  const consumer = await startConsumer(nsqd, demo, 6);
  await becomes(14, 6, 0, 20);
  await publishDeferred(nsqd, topic, 600_000);
  await becomes(14, 6, 1, 21);
  consumer.requeue(4);
  await becomes(18, 2, 1, 21);
  consumer.finish(2);
  await becomes(18, 0, 1, 21);
  await emptyChannel(nsqd, topic, channel);
  await becomes(0, 0, 0, 21);
  expect(await readOne(metric)).not.toHaveProperty("parts.finished");
});

test("the depth counts what nsqd has on disk too", async () => {
  const nsqd = await start();
  const metric = await makeMetric({ nsqd: [nsqd.http] });
  await createChannel(nsqd, topic, channel);
  await publish(nsqd, topic, 12_500);
  await expect.poll(reading(metric)).toMatchObject({ value: 12_500 });
});

test("a paused channel and a paused topic hold, and go on", async () => {
  const nsqd = await start();
  const metric = await makeMetric({ nsqd: [nsqd.http] });
  await createChannel(nsqd, topic, channel);
  await publish(nsqd, topic, 3);
  await pauseChannel(nsqd, topic, channel);
  expect(await readOne(metric)).toEqual({ kind: "hold", reason: "channel demo/work is paused" });
  await pauseChannel(nsqd, topic, channel, false);
  await expect.poll(reading(metric)).toMatchObject({ kind: "reading", value: 3 });
  await pauseTopic(nsqd, topic);
  expect(await readOne(metric)).toEqual({ kind: "hold", reason: "topic demo is paused" });
  await pauseTopic(nsqd, topic, false);
  await expect.poll(reading(metric)).toMatchObject({ kind: "reading", value: 3 });
});

test("several nsqds are one sum; one that is down is a failure, or left out, until it is back", async () => {
  const [first, second] = [await start(), await start()];
  const nsqd = [first.http, second.http];
  const whole = await makeMetric({ nsqd });
  const part = await makeMetric({ nsqd, partial: true });
  await publish(first, topic, 3);
  await publish(second, topic, 4);
  await expect.poll(reading(whole)).toMatchObject({ value: 7 });
  await second.halt();
  await expect(readOne(whole)).rejects.toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
    message: expect.stringContaining(second.http) as unknown,
  });
  expect(await readOne(part)).toMatchObject({ value: 3 });
  await second.restart();
  await expect.poll(reading(whole)).toMatchObject({ value: 7 });
  await expect.poll(reading(part)).toMatchObject({ value: 7 });
});

test("nsqlookupd leads to the nsqds, to new ones, and away from those that stopped", async () => {
  const lookupd = await startNsqlookupd();
  onTestFinished(() => lookupd.stop());
  const context = { ...createContext(), clock: systemClock };
  const metric = await makeMetric({ lookupd: [lookupd.http], lookupdRefresh: "1s" }, context);
  await expect(readOne(metric)).rejects.toThrow("expected at least one nsqd, found none");
  const options = { lookupd: [lookupd.tcp] };
  const first = await start(options);
  await publish(first, topic, 3);
  await expect.poll(reading(metric)).toMatchObject({ value: 3 });
  const second = await start(options);
  await publish(second, topic, 4);
  await expect.poll(() => readOne(metric), { timeout: 10_000 }).toMatchObject({ value: 7 });
  await second.kill();
  await expect.poll(reading(metric)).toMatchObject({ value: 3 });
});

test("nsqd's own HTTPS", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-nsq-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [ca, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = await generate([{ name: "commonName", value: "nsqd" }], {
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
  });
  await writeFile(ca, made.cert);
  await writeFile(key, made.private);
  const nsqd = await start({ tls: { cert: ca, key } });
  await publish(nsqd, topic, 5);
  const metric = await makeMetric({ nsqd: [nsqd.https], tls: { ca } });
  await expect.poll(reading(metric)).toMatchObject({ value: 5 });
  const wrong = await makeMetric({ nsqd: [nsqd.tcp] });
  await expect(readOne(wrong)).rejects.toThrow(
    "expected HTTP, found something else. Check the address and its port",
  );
});
