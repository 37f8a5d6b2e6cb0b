import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import {
  channel,
  createContext,
  startFakeServer,
  stats,
  topic,
  type FakeServer,
} from "./fake-server.ts";
import { demo, makeMetric, readOne } from "./make.ts";

const depth = (n: number): object => stats(topic("demo", [channel("work", { depth: n })]));

const nodes = (...servers: readonly FakeServer[]): object => ({
  producers: servers.map(({ address }) => ({
    broadcast_address: "127.0.0.1",
    http_port: Number(address.split(":")[1]),
  })),
});

test("one nsqd that cannot be reached is a failure that names it", async () => {
  const [up, down] = [await startFakeServer(depth(3)), await startFakeServer(depth(4))];
  await down.close();
  const metric = await makeMetric({ nsqd: [up.address, down.address] });
  await expect(readOne(metric)).rejects.toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
    message: expect.stringContaining(
      `1 of 2 nsqds gave no statistics: ${down.address}: cannot be reached`,
    ) as unknown,
  });
});

test("with partial it is left out and said once; all of them failing is a failure", async () => {
  const [up, down] = [await startFakeServer(depth(3)), await startFakeServer(depth(4))];
  await down.close();
  const context = createContext();
  const metric = await makeMetric({ nsqd: [up.address, down.address], partial: true }, context);
  for (const result of [await readOne(metric), await readOne(metric)]) {
    expect(result).toMatchObject({ kind: "reading", value: 3 });
  }
  expect(context.lines).toEqual([
    expect.stringContaining(
      `this nsqd is left out of the sums: ${down.address}: cannot be reached`,
    ),
  ]);
  await up.close();
  await expect(readOne(metric)).rejects.toThrow("2 of 2 nsqds gave no statistics");
});

test("with partial an nsqd that never answers does not hold up the others", async () => {
  const arrived = Promise.withResolvers<void>();
  const [up, stuck] = [
    await startFakeServer(depth(3)),
    await startFakeServer(() => arrived.resolve()),
  ];
  const context = createContext();
  const metric = await makeMetric({ nsqd: [up.address, stuck.address], partial: true }, context);
  const read = readOne(metric);
  await arrived.promise;
  await vi.waitUntil(() => context.clock.pending === 1);
  await context.clock.advance(1500);
  expect(await read).toMatchObject({ value: 3 });
  expect(context.lines).toEqual([
    `this nsqd is left out of the sums: ${stuck.address}: did not answer within 1.5s`,
  ]);
  stuck.answer = depth(4);
  expect(await readOne(metric)).toMatchObject({ value: 7 });
  expect(context.lines[1]).toBe(`nsqd ${stuck.address} answers again`);
});

test("an nsqd that never answers is a failure that names it, before the engine's deadline", async () => {
  const arrived = Promise.withResolvers<void>();
  const [up, stuck] = [
    await startFakeServer(depth(3)),
    await startFakeServer(() => arrived.resolve()),
  ];
  const context = createContext();
  const metric = await makeMetric({ nsqd: [up.address, stuck.address] }, context);
  const read = readOne(metric).catch((error: unknown) => error);
  await arrived.promise;
  await vi.waitUntil(() => context.clock.pending === 1);
  await context.clock.advance(1500);
  expect(await read).toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
    message: `1 of 2 nsqds gave no statistics: ${stuck.address}: did not answer within 1.5s`,
  });
});

test("nsqlookupds find the nsqds, each counted once, and are asked again in the background", async () => {
  const [first, second] = [await startFakeServer(depth(3)), await startFakeServer(depth(4))];
  const lookupd = await startFakeServer(nodes(first));
  const other = await startFakeServer({ status_code: 200, data: nodes(first) });
  const context = createContext();
  const metric = await makeMetric(
    { lookupd: [lookupd.address, other.address], lookupdRefresh: "10s" },
    context,
  );
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  lookupd.answer = nodes(first, second);
  await context.clock.advance(9000);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  expect(lookupd.requests.map(({ url }) => url)).toEqual(["/nodes"]);
  await context.clock.advance(1000);
  await vi.waitFor(async () => expect(await readOne(metric)).toMatchObject({ value: 7 }));
  expect(lookupd.requests).toHaveLength(2);
});

test.each([-3_600_000, 3_600_000])(
  "nsqlookupds are asked again in time though the clock is set by %d ms",
  async (setMs) => {
    const nsqd = await startFakeServer(depth(3));
    const lookupd = await startFakeServer(nodes(nsqd));
    const context = createContext();
    const options = { lookupd: [lookupd.address], lookupdRefresh: "10s" };
    const metric = await makeMetric(options, context);
    await readOne(metric);
    context.clock.stepWall(setMs);
    await context.clock.advance(9999);
    await readOne(metric);
    await readOne(metric);
    expect(lookupd.requests).toHaveLength(1);
    await context.clock.advance(1);
    await readOne(metric);
    await vi.waitFor(() => expect(lookupd.requests).toHaveLength(2));
  },
);

test("an nsqlookupd that hangs later delays no reading", async () => {
  const nsqd = await startFakeServer(depth(3));
  const lookupd = await startFakeServer(nodes(nsqd));
  const context = createContext();
  const metric = await makeMetric({ lookupd: [lookupd.address] }, context);
  await readOne(metric);
  lookupd.answer = () => {};
  await context.clock.advance(60_000);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  expect(await readOne(metric)).toMatchObject({ value: 3 });
});

test("an nsqd that stops makes the nsqlookupds be asked at once, and is forgotten when they know it no more", async () => {
  const [first, second] = [await startFakeServer(depth(3)), await startFakeServer(depth(4))];
  const lookupd = await startFakeServer(nodes(first, second));
  const metric = await makeMetric({ lookupd: [lookupd.address] });
  expect(await readOne(metric)).toMatchObject({ value: 7 });
  await second.close();
  await expect(readOne(metric)).rejects.toMatchObject({ code: "ERR_METRIC_UNREACHABLE" });
  lookupd.answer = nodes(first);
  await vi.waitFor(async () => expect(await readOne(metric)).toMatchObject({ value: 3 }));
});

test("an nsqlookupd that was restarted and knows none yet takes no nsqd away", async () => {
  const nsqd = await startFakeServer(depth(3));
  const lookupd = await startFakeServer(nodes(nsqd));
  const context = createContext();
  const metric = await makeMetric({ lookupd: [lookupd.address] }, context);
  await readOne(metric);
  lookupd.answer = nodes();
  await context.clock.advance(60_000);
  await readOne(metric);
  await vi.waitUntil(() => lookupd.requests.length === 2);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
});

test("one of two nsqlookupds is enough, and the other is named once", async () => {
  const nsqd = await startFakeServer(depth(3));
  const [up, down] = [await startFakeServer(nodes(nsqd)), await startFakeServer({})];
  down.answer = { producers: "none" };
  const context = createContext();
  const metric = await makeMetric({ lookupd: [up.address, down.address] }, context);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  await context.clock.advance(60_000);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
  await vi.waitUntil(() => context.clock.pending === 0);
  expect(down.requests).toHaveLength(2);
  expect(context.lines).toEqual([
    expect.stringContaining(`cannot use this nsqlookupd: ${down.address}: expected`),
  ]);
});

const respond500 = (_: unknown, response: ServerResponse): void => {
  response.writeHead(500).end();
};

test.each([
  ["knows no nsqd", nodes(), /expected at least one nsqd, found none/],
  ["answers 500", respond500, /found 500/],
  ["answers something else", { topics: [] }, /`producers`.*found nothing/],
  [
    "has a node without a port",
    { producers: [{ broadcast_address: "a" }] },
    /`producers.0.http_port`/,
  ],
])("an nsqlookupd that %s is a failure, and is asked again", async (_, answer, words) => {
  const nsqd = await startFakeServer(depth(3));
  const lookupd = await startFakeServer(answer);
  const metric = await makeMetric({ lookupd: [lookupd.address] });
  await expect(readOne(metric, demo)).rejects.toMatchObject({
    code: "ERR_METRIC_RESPONSE",
    message: expect.stringMatching(words) as unknown,
  });
  lookupd.answer = nodes(nsqd);
  expect(await readOne(metric)).toMatchObject({ value: 3 });
});
