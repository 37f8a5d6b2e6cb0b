import { expect, test, vi } from "vitest";
import { all, byQueue, createContext, failure, startFakeServer, text } from "./fake-server.ts";
import { makeKeyMetric, readAll, readOne } from "./make.ts";

const busy = failure(503, "ServerBusy");

test("a throttled queue keeps its last reading with the time it has, and is said once", async () => {
  const azure = await startFakeServer(all(7));
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const reading = await readOne(metric);
  azure.answer = busy;
  for (let i = 0; i < 5; i++) {
    await context.clock.advance(10_000);
    // The engine finds it too old by its time.
    expect(await readOne(metric)).toEqual(reading);
  }
  expect(context.lines).toEqual([
    expect.stringMatching(
      /^queue jobs: .*503 ServerBusy.*\. Meanwhile its last reading stays valid$/,
    ),
  ]);
  azure.answer = all(8);
  await context.clock.advance(60_000);
  expect(await readOne(metric)).toMatchObject({ value: 8, at: context.clock.now() });
  expect(context.lines[1]).toBe("queue jobs can be read again");
});

test("it is asked ever more slowly: after 1, 2, 4, … and at most 60 seconds, up to half of it less by chance", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999_999);
  const azure = await startFakeServer(busy);
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const askedAt: number[] = [];
  for (let second = 0; second < 200; second++) {
    const before = azure.requests.length;
    expect(await readOne(metric)).toMatchObject({
      kind: "failure",
      error: { code: "ERR_METRIC_THROTTLED" },
    });
    if (azure.requests.length > before) askedAt.push(second);
    await context.clock.advance(1000);
  }
  expect(askedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
});

test("by chance it is asked after half the time", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const azure = await startFakeServer(busy);
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  for (const [ms, requests] of [
    [0, 1],
    [499, 1],
    [1, 2],
    [999, 2],
    [1, 3],
  ] as const) {
    await context.clock.advance(ms);
    await readOne(metric);
    expect(azure.requests).toHaveLength(requests);
  }
});

test("a queue that is throttled does not slow down the others", async () => {
  const azure = await startFakeServer(byQueue({ jobs: busy, mails: all(3) }));
  const metric = await makeKeyMetric(azure.endpoint);
  for (let i = 0; i < 3; i++) {
    expect(await readAll(metric, ["jobs", "mails"])).toMatchObject([
      { kind: "failure" },
      { kind: "reading", value: 3 },
    ]);
  }
  expect(azure.requests).toHaveLength(4);
});

test("after another failure there is no reading to keep", async () => {
  const azure = await startFakeServer(all(7));
  const metric = await makeKeyMetric(azure.endpoint);
  await readOne(metric);
  azure.answer = failure(404, "QueueNotFound");
  await readOne(metric);
  azure.answer = text(429);
  expect(await readOne(metric)).toMatchObject({ kind: "failure" });
});
