import { afterEach, expect, test, vi } from "vitest";
import plugin from "../src/index.ts";
import { channel, createContext, startFakeServer, stats, topic } from "./fake-server.ts";
import { makeMetric, readOne } from "./make.ts";

afterEach(() => vi.unstubAllEnvs());

async function mistakes(written: unknown): Promise<string[]> {
  const { issues = [] } = await plugin.options["~standard"].validate(written);
  return issues.map(({ path = [], message }) => `${path.map(String).join(".")}: ${message}`);
}

test.each([
  [{ nsqd: "127.0.0.1:4151" }, "nsqd: "],
  [{ nsqd: [] }, "nsqd: "],
  [{ nsqd: ["localhost"] }, "nsqd.0: expected host:port"],
  [{ nsqd: ["localhost:4151/stats"] }, "nsqd.0: expected host:port"],
  [{ nsqd: ["ftp://localhost:4151"] }, "nsqd.0: expected host:port"],
  [{ nsqd: ["http://me:secret@localhost:4151"] }, "nsqd.0: expected host:port"],
  [{ nsqd: ["localhost:99999"] }, "nsqd.0: expected host:port"],
  [{ nsqd: ["a:1", "a:1"] }, "nsqd: expected every address once"],
  [{ nsqd: ["a:1"], lookupd: ["b:1"] }, "lookupd: expected either nsqd or lookupd, found both"],
  [{ lookupdRefresh: 60 }, "lookupdRefresh: "],
  [{ lookupdRefresh: "often" }, "lookupdRefresh: expected a duration"],
  [{ lookupdRefresh: "500ms" }, "lookupdRefresh: expected at least 1s"],
  [{ tls: { cert: "a.pem" } }, "tls.key: expected cert and key together"],
  [{ auth: { username: "me" } }, "auth.password: "],
  [{ auth: { username: "a:b", password: "c" } }, "auth.username: expected no colon"],
])("%o is refused", async (written, mistake) => {
  expect(await mistakes(written)).toContainEqual(expect.stringContaining(mistake));
});

test.each([
  [{}],
  [{ nsqd: ["127.0.0.1:4151", "[::1]:4151", "nsq.example.com:80", "https://nsq.example.com/a"] }],
  [{ lookupd: ["127.0.0.1:4161"], lookupdRefresh: "1m", partial: true }],
  [{ tls: { ca: "ca.pem", cert: "a.pem", key: "a.key" }, auth: { username: "me", password: "" } }],
])("%o is accepted", async (written) => {
  expect(await mistakes(written)).toEqual([]);
});

test.each([
  [{ topic: "demo" }],
  [{ topic: "", channel: "work" }],
  [{ topic: "a/b", channel: "work" }],
  [{ topic: "a".repeat(65), channel: "work" }],
  [{ topic: "demo", channel: "work", length: 5 }],
])("the query %o is refused", async (written) => {
  const { issues } = await plugin.query["~standard"].validate(written);
  expect(issues).toHaveLength(1);
});

test("without nsqd and lookupd the address is NSQ_STATS_ENDPOINT's", async () => {
  const nsqd = await startFakeServer(stats(topic("demo", [channel("work", { depth: 6 })])));
  vi.stubEnv("NSQ_STATS_ENDPOINT", nsqd.address);
  expect(await readOne(await makeMetric({}))).toMatchObject({ value: 6 });
});

test("an NSQ_STATS_ENDPOINT that is no address is refused by name, without its value", async () => {
  vi.stubEnv("NSQ_STATS_ENDPOINT", "http://me:secret@host");
  expect(() => plugin.create({ lookupdRefresh: "60s", partial: false }, createContext())).toThrow(
    /^NSQ_STATS_ENDPOINT: expected host:port(?!.*secret)/,
  );
});

test("every option is described, for editors", () => {
  const json = plugin.options["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  const properties = Object.entries(json?.["properties"] ?? {});
  expect(properties.map(([name]) => name)).toEqual([
    "nsqd",
    "lookupd",
    "lookupdRefresh",
    "partial",
    "tls",
    "auth",
  ]);
  for (const [, property] of properties) expect(property).toHaveProperty("description");
});
