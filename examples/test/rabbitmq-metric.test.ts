import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { metricConformance } from "@microscaling/conformance";
import { systemClock } from "@microscaling/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import plugin from "../rabbitmq-metric/rabbitmq.ts";

// Stands in for RabbitMQ's management API: what it answers for a queue, and how it refuses.
const lengths = new Map([
  ["mails", 0],
  ["orders", 0],
]);
let requests = 0;
let isDown = false;
let isStuck = false;
const stuck: ServerResponse[] = [];
const authorization = `Basic ${Buffer.from("scaler:s3cret").toString("base64")}`;

const server = createServer(({ url = "", headers }, response) => {
  requests += 1;
  const length = lengths.get(/^\/api\/queues\/%2F\/(\w+)$/.exec(url)?.[1] ?? "");
  if (isStuck) stuck.push(response);
  else if (isDown) response.writeHead(503).end("<html>");
  else if (headers.authorization !== authorization) response.writeHead(401).end("{}");
  else if (length === undefined) response.writeHead(404).end('{"error":"Object Not Found"}');
  else response.end(JSON.stringify({ messages_ready: length, messages_unacknowledged: 2 }));
});
let url = "";

beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const auth = { username: "scaler", password: "s3cret" };

metricConformance(
  { describe, it },
  {
    plugin,
    clock: systemClock,
    options: () => ({ url, auth }),
    invalidOptions: [
      { written: { url: "localhost:15672" }, path: ["url"] },
      { written: { auth: { username: "scaler" } }, path: ["auth", "password"] },
    ],
    queries: () => [{ queue: "mails" }, { queue: "orders" }],
    invalidQueries: [{ written: {}, path: ["queue"] }],
    async setQueue(queue, length) {
      lengths.set(queue === 0 ? "mails" : "orders", length);
    },
    missing: [{ query: () => ({ queue: "nowhere" }), gives: "failure" }],
    requests: () => requests,
    secret: () => auth.password,
    unreachable: () => ({ url: "http://127.0.0.1:1", auth }),
    outage: {
      begin: async () => void (isDown = true),
      end: async () => void (isDown = false),
    },
    stall: {
      begin: async () => void (isStuck = true),
      async end() {
        isStuck = false;
        for (const response of stuck.splice(0)) response.destroy();
      },
    },
  },
);

it("is the one that the kit's README shows", () => {
  const read = (path: string): string =>
    readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const readme = read("packages/plugin-kit/README.md");
  expect(readme).toContain(`\`\`\`ts\n${read("examples/rabbitmq-metric/rabbitmq.ts")}\`\`\``);
});
