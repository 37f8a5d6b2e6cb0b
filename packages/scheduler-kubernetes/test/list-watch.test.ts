import { createTestClock, type TestClock } from "@microscaling/conformance";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ApiFailure, toApiError } from "../src/errors.ts";
import type { ApiRequest } from "../src/connection.ts";
import {
  BACKOFF_MS,
  createListWatch,
  EMPTY_MS,
  FORBIDDEN_MS,
  LOST_MS,
  OVERDUE_MS,
  RELIST_MS,
  WATCH_SECONDS,
} from "../src/list-watch.ts";
import type { ListWatch } from "../src/list-watch.ts";
import { never } from "./support.ts";

/** A watch that a test speaks through. */
interface OpenWatch {
  readonly request: ApiRequest;
  send(type: string, object: object): Promise<void>;
  end(error?: unknown): Promise<void>;
}

let clock: TestClock;
let life: AbortController;
let lists: ApiRequest[];
let watches: OpenWatch[];
let listed: { items: object[]; metadata: object };
/** What the next requests fail with. */
let failure: unknown;
/** What the next watches fail with. */
let watchFailure: unknown;
let changes: string[];
let random: number;

beforeEach(() => {
  clock = createTestClock();
  life = new AbortController();
  lists = [];
  watches = [];
  listed = { items: [], metadata: { resourceVersion: "10" } };
  failure = undefined;
  watchFailure = undefined;
  changes = [];
  random = 1;
});
afterEach(() => life.abort());

function object(name: string, resourceVersion: string, replicas = 1): object {
  return { metadata: { name, resourceVersion }, spec: { replicas } };
}

function refused(status: number, words = "no", retryAfter?: string): unknown {
  const body = JSON.stringify({ message: words, code: status });
  return toApiError(new ApiFailure({ status, body, retryAfter }), "here", { doing: "look" });
}

/** Events come when the test sends them; what was taken is known once `send` resolves. */
function openWatch(request: ApiRequest): AsyncIterable<unknown> {
  const waiting: { value?: unknown; error?: unknown; done: boolean }[] = [];
  let wake = Promise.withResolvers<void>();
  const push = async (one: (typeof waiting)[number]): Promise<void> => {
    waiting.push(one);
    wake.resolve();
    await clock.advance(0);
  };
  watches.push({
    request,
    send: (type, sent) => push({ value: { type, object: sent }, done: false }),
    end: (error) => push({ error, done: true }),
  });
  return (async function* () {
    for (;;) {
      const next = waiting.shift();
      if (next === undefined) {
        await wake.promise;
        wake = Promise.withResolvers();
      } else if (next.error !== undefined) throw next.error;
      else if (next.done) return;
      else yield next.value;
    }
  })();
}

function start(): ListWatch<object> {
  const connection = {
    async ask(request: ApiRequest) {
      lists.push(request);
      if (failure !== undefined) throw failure;
      return listed;
    },
    async follow(request: ApiRequest) {
      if (failure !== undefined) throw failure;
      if (watchFailure !== undefined) throw watchFailure;
      return openWatch(request);
    },
    renew: () => {},
  };
  return createListWatch<object>(
    {
      path: "/apis/apps/v1/namespaces/default/deployments",
      group: "apps",
      resource: "deployments",
      namespace: "default",
      reduce: ({ spec }) => spec as object,
      changed: (name, now) => void changes.push(now === undefined ? `-${name}` : name),
    },
    { connection, clock, random: () => random, life: life.signal },
  );
}

/** When a watch that the server does not end is cut, in milliseconds. */
const CUT_MS = WATCH_SECONDS[1] * 1000 + OVERDUE_MS;

/** Begins, with the first watch open. */
async function begin(): Promise<{ all: ListWatch<object>; watch: OpenWatch }> {
  const all = start();
  await clock.advance(0);
  return { all, watch: watches[0]! };
}

describe("a list-watch", () => {
  it("lists once, watches from there with bookmarks, and is trusted", async () => {
    listed.items = [object("a", "8"), object("b", "9")];
    const { all, watch } = await begin();
    await all.trusted(never);
    expect([...all.items.keys()]).toEqual(["a", "b"]);
    expect(watch.request.query).toMatchObject({
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: "10",
    });
    expect([lists.length, watches.length]).toEqual([1, 1]);
  });

  it("lists no second time while the server ends its watches, though nothing happens", async () => {
    await begin();
    for (let time = 1; time <= 20; time += 1) {
      await clock.advance(5000);
      await watches.at(-1)?.end();
    }
    await clock.advance(0);
    expect([lists.length, watches.length]).toEqual([1, 21]);
  });

  it("lists what a watch kept to itself that stayed open and fell silent", async () => {
    const { all, watch } = await begin();
    await watch.send("ADDED", object("a", "11"));
    listed.items = [object("a", "12", 5)];
    await clock.advance(CUT_MS);
    expect([...all.items]).toEqual([["a", { replicas: 5 }]]);
    expect(watches).toHaveLength(2);
    await watch.send("DELETED", object("a", "13"));
    expect(all.items.size).toBe(1);
  });

  it("goes by lists where no watch brings anything, not even its end, and is trusted meanwhile", async () => {
    const { all } = await begin();
    listed = { items: [object("a", "11", 5)], metadata: { resourceVersion: "12" } };
    await clock.advance(CUT_MS - 1);
    expect(lists).toHaveLength(1);
    await clock.advance(1);
    expect(lists).toHaveLength(2);
    expect([...all.items]).toEqual([["a", { replicas: 5 }]]);
    for (let time = 0; time < 10; time += 1) {
      await clock.advance(CUT_MS);
      expect(all.isTrusted).toBe(true);
    }
    expect(lists).toHaveLength(12);
  });

  it("is not trusted any more at once where it may not list", async () => {
    const { all, watch } = await begin();
    failure = refused(403);
    await watch.end(new Error("closed"));
    await clock.advance(1000);
    expect(all.isTrusted).toBe(false);
  });

  it("goes by lists where it may not watch", async () => {
    listed.items = [object("a", "8")];
    watchFailure = refused(403);
    const { all } = await begin();
    for (let time = 1; time <= 5; time += 1) {
      listed.items = [object("a", `${10 + time}`, time)];
      await clock.advance(FORBIDDEN_MS);
      expect([...all.items]).toEqual([["a", { replicas: time }]]);
      expect(all.isTrusted).toBe(true);
    }
  });

  it("does not believe one list that nothing is there any more", async () => {
    listed.items = [object("a", "8")];
    const { all, watch } = await begin();
    const before = listed.items;
    listed.items = [];
    await watch.send("ERROR", { code: 410 });
    await clock.advance(RELIST_MS);
    expect(lists).toHaveLength(2);
    expect(all.items.size).toBe(1);
    listed.items = before;
    await clock.advance(BACKOFF_MS);
    expect(watches).toHaveLength(2);
    expect(changes).not.toContain("-a");
  });

  it("believes lists that go on saying that nothing is there", async () => {
    listed.items = [object("a", "8")];
    const { all, watch } = await begin();
    listed.items = [];
    await watch.send("ERROR", { code: 410 });
    await clock.advance(RELIST_MS + EMPTY_MS - 1);
    expect(all.items.size).toBe(1);
    await clock.advance(BACKOFF_MS + 1);
    expect(all.items.size).toBe(0);
    expect(all.isTrusted).toBe(true);
  });

  it("takes what is added, changed and deleted", async () => {
    const { all, watch } = await begin();
    await watch.send("ADDED", object("a", "11"));
    await watch.send("MODIFIED", object("a", "12", 5));
    await watch.send("ADDED", object("b", "13"));
    await watch.send("DELETED", object("b", "14"));
    expect([...all.items]).toEqual([["a", { replicas: 5 }]]);
    expect(changes).toEqual(["a", "a", "b", "-b"]);
  });

  it("goes on from the last bookmark when the server ends the watch", async () => {
    const { all, watch } = await begin();
    await watch.send("ADDED", object("a", "11"));
    await watch.send("BOOKMARK", { metadata: { resourceVersion: "500" } });
    await clock.advance(5000);
    await watch.end();
    await clock.advance(0);
    expect(watches[1]?.request.query).toMatchObject({ resourceVersion: "500" });
    expect(lists).toHaveLength(1);
    await all.trusted(never);
    expect(all.items.size).toBe(1);
  });

  it("does not ask again and again for a watch that ends at once", async () => {
    const { watch } = await begin();
    await watch.end();
    await clock.advance(0);
    expect(watches).toHaveLength(1);
    await clock.advance(250);
    expect(watches).toHaveLength(2);
  });

  it("goes on from the last event when the connection drops", async () => {
    const { watch } = await begin();
    await clock.advance(5000);
    await watch.send("ADDED", object("a", "11"));
    await watch.end(new Error("other side closed"));
    await clock.advance(250);
    expect(watches[1]?.request.query).toMatchObject({ resourceVersion: "11" });
    expect(lists).toHaveLength(1);
  });

  it.each([
    ["an event", (watch: OpenWatch) => watch.send("ERROR", { code: 410, reason: "Expired" })],
    ["a refusal", (watch: OpenWatch) => watch.end(refused(410))],
  ])("lists anew, with jitter, when what it saw is too old: %s", async (_, expire) => {
    random = 0.5;
    listed.items = [object("a", "8"), object("b", "9")];
    const { all, watch } = await begin();
    listed = { items: [object("b", "90", 7)], metadata: { resourceVersion: "99" } };
    await expire(watch);
    await clock.advance(RELIST_MS / 2 - 1);
    expect(lists).toHaveLength(1);
    await clock.advance(1);
    expect(lists).toHaveLength(2);
    expect([...all.items]).toEqual([["b", { replicas: 7 }]]);
    expect(changes).toEqual(["a", "b", "b", "-a"]);
    expect(watches[1]?.request.query).toMatchObject({ resourceVersion: "99" });
  });

  it.each([0, -3_600_000, 3_600_000])(
    "tells facts for a while after the watch was lost, and then throws why, though the clock is set by %d ms",
    async (setMs) => {
      const { all, watch } = await begin();
      failure = new Error("ECONNREFUSED");
      await watch.end(new Error("other side closed"));
      clock.stepWall(setMs);
      await clock.advance(LOST_MS);
      await all.trusted(never);
      await clock.advance(1);
      await expect(all.trusted(never)).rejects.toMatchObject({ code: "ERR_SCHEDULER_UNREACHABLE" });
      failure = undefined;
      await clock.advance(BACKOFF_MS);
      await all.trusted(never);
    },
  );

  it("waits after a watch that ended at once, though the clock is set forward meanwhile", async () => {
    const { watch } = await begin();
    clock.stepWall(3_600_000);
    await watch.end();
    await clock.advance(0);
    expect(watches).toHaveLength(1);
    await clock.advance(BACKOFF_MS);
    expect(watches).toHaveLength(2);
  });

  it("says at once that a first list failed, waits ever longer, and is trusted once it succeeds", async () => {
    failure = refused(500);
    const { all } = await begin();
    await expect(all.trusted(never)).rejects.toMatchObject({ code: "ERR_SCHEDULER_REFUSED" });
    const counts: number[] = [];
    for (const ms of [250, 500, 1000, 2000, 2000, 2000]) {
      await clock.advance(ms);
      counts.push(lists.length);
    }
    expect(counts).toEqual([2, 3, 4, 5, 6, 7]);
    failure = undefined;
    await clock.advance(BACKOFF_MS);
    await all.trusted(never);
  });

  it("waits as long as a throttling server says", async () => {
    failure = refused(429, "too many", "20");
    await begin();
    await clock.advance(19_999);
    expect(lists).toHaveLength(1);
    await clock.advance(1);
    expect(lists).toHaveLength(2);
  });

  it("asks seldom for what is forbidden", async () => {
    failure = refused(403);
    await begin();
    await clock.advance(60_000);
    const before = lists.length;
    await clock.advance(10 * FORBIDDEN_MS);
    expect(lists.length - before).toBe(10);
  });

  it("ends with its life, and those who wait with their signal", async () => {
    const gate = Promise.withResolvers<never>();
    failure = undefined;
    const stuck = createListWatch<object>(
      { path: "/x", group: "", resource: "x", namespace: "y", reduce: (o) => o, changed: () => {} },
      {
        connection: { ask: () => gate.promise, follow: () => gate.promise, renew: () => {} },
        clock,
        random: () => 1,
        life: life.signal,
      },
    );
    const abort = new AbortController();
    const waiting = stuck.trusted(abort.signal);
    abort.abort(new Error("mine"));
    await expect(waiting).rejects.toThrow("mine");
    const forever = stuck.trusted(never);
    life.abort();
    gate.reject(new Error("closed"));
    await expect(forever).rejects.toThrow("closed");
    expect(clock.pending).toBe(0);
  });
});
