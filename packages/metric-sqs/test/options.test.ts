import { expect, test } from "vitest";
import plugin from "../src/index.ts";

async function mistakes(schema: keyof Pick<typeof plugin, "options" | "query">, written: unknown) {
  const { issues = [] } = await plugin[schema]["~standard"].validate(written);
  return issues.map(({ path = [], message }) => `${path.map(String).join(".")}: ${message}`);
}

const arn = "arn:aws:iam::123456789012:role/scaler";

test.each([
  [{ region: "EU West" }, "region: expected a region such as eu-west-1"],
  [{ endpoint: "localhost:9324" }, "endpoint: expected an http:// or https:// URL"],
  [{ endpoint: "http://me:secret@localhost:9324" }, "endpoint: expected"],
  [{ profile: "" }, "profile: "],
  [{ role: {} }, "role.arn: "],
  [{ role: { arn: "scaler" } }, "role.arn: expected a role's ARN"],
  [{ role: { arn, sessionName: "a b" } }, "role.sessionName: expected 2 to 64"],
  [{ webIdentity: { roleArn: arn } }, "webIdentity.tokenFile: "],
  [
    { profile: "a", webIdentity: { roleArn: arn, tokenFile: "t" } },
    "webIdentity: expected either profile or webIdentity, found both",
  ],
  [{ idleInterval: 5 }, "idleInterval: "],
  [{ idleInterval: "often" }, "idleInterval: expected a duration such as 5s"],
  [{ queue: "jobs" }, ": "],
])("the source %o is refused", async (written, mistake) => {
  expect(await mistakes("options", written)).toContainEqual(expect.stringContaining(mistake));
});

test.each([
  [{}],
  [{ region: "eu-west-1", endpoint: "https://vpce-1a2b.sqs.eu-west-1.vpce.amazonaws.com" }],
  [{ profile: "staging", role: { arn, externalId: "x-17", sessionName: "scaler@a" } }],
  [{ webIdentity: { roleArn: arn, tokenFile: "/var/run/token" }, idleInterval: "0s" }],
])("the source %o is accepted", async (written) => {
  expect(await mistakes("options", written)).toEqual([]);
});

test.each([
  [{}, "queue: "],
  [{ queue: "" }, "queue: expected a queue's URL, or its name"],
  [{ queue: "a b" }, "queue: expected"],
  [{ queue: "jobs.txt" }, "queue: expected"],
  [{ queue: "a".repeat(81) }, "queue: expected"],
  [{ queue: "https://sqs.eu-west-1.amazonaws.com/" }, "queue: expected"],
  [{ queue: "ftp://sqs.eu-west-1.amazonaws.com/123456789012/jobs" }, "queue: expected"],
  [{ queue: "https://me:secret@host/123456789012/jobs" }, "queue: expected"],
  [{ queue: "jobs", account: 123_456_789_012 }, "account: "],
  [{ queue: "jobs", account: "12" }, "account: expected an account's 12 digits"],
  [
    { queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", account: "123456789012" },
    "account: expected no account with a URL",
  ],
  [{ queue: "jobs", count: [] }, "count: "],
  [{ queue: "jobs", count: ["visible"] }, "count.0: "],
  [{ queue: "jobs", count: ["ready", "ready"] }, "count: expected every part once"],
])("the query %o is refused", async (written, mistake) => {
  expect(await mistakes("query", written)).toContainEqual(expect.stringContaining(mistake));
});

test.each([
  [{ queue: "jobs" }],
  [{ queue: "jobs.fifo", account: "123456789012", count: ["ready", "inFlight", "delayed"] }],
  [{ queue: "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs.fifo" }],
  [{ queue: "http://localhost:9324/000000000000/jobs" }],
])("the query %o is accepted", async (written) => {
  expect(await mistakes("query", written)).toEqual([]);
});

test.each(["options", "query"] as const)("every key of %s is described, for editors", (schema) => {
  const json = plugin[schema]["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
  const properties = Object.values(json?.["properties"] ?? {});
  expect(properties.length).toBeGreaterThan(2);
  for (const property of properties) expect(property).toHaveProperty("description");
});
