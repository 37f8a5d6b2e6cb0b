import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import {
  AccountSASPermissions,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-queue";
import { generate } from "selfsigned";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger, systemClock, type Metric } from "@microscaling/core";
import {
  createAzureKey,
  createAzureQueue,
  deleteAzureQueue,
  sendToAzureQueue,
  startAzurite,
  takeFromAzureQueue,
  type Azurite,
} from "@microscaling/test-servers";
import type { AzureQueueQuery } from "../src/index.ts";
import { makeMetric as makeWith, readAll, readOne } from "./make.ts";

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
beforeEach(async () => {
  await deleteAzureQueue(azurite, "jobs");
  await createAzureQueue(azurite, "jobs");
});

// Signatures have the real time in them.
const makeMetric = (written: unknown): Promise<Metric<AzureQueueQuery>> =>
  makeWith(written, { clock: systemClock, logger: silentLogger });

const make = (): Promise<Metric<AzureQueueQuery>> =>
  makeMetric({ connectionString: azurite.connectionString });

test("all has those that workers have and those that are delayed, visible has not", async () => {
  const metric = await make();
  await sendToAzureQueue(azurite, "jobs", { n: 9 });
  await sendToAzureQueue(azurite, "jobs", { n: 2, delayS: 600 });
  expect(await takeFromAzureQueue(azurite, "jobs", 3)).toBe(3);
  expect(await readAll(metric, ["jobs", "jobs:visible"])).toMatchObject([
    { kind: "reading", value: 11 },
    { kind: "reading", value: 6, parts: { ready: 6 } },
  ]);
});

test("beyond 31 visible ones all are read", async () => {
  const metric = await make();
  await sendToAzureQueue(azurite, "jobs", { n: 40 });
  expect(await readOne(metric, "jobs:visible")).toMatchObject({ value: 40 });
  expect(await takeFromAzureQueue(azurite, "jobs", 9)).toBe(9);
  expect(await readOne(metric, "jobs:visible")).toMatchObject({ value: 31, parts: { ready: 31 } });
});

test("200 tasks on 10 queues cost 10 requests an interval", async () => {
  const metric = await make();
  const names = Array.from({ length: 10 }, (_, i) => `many-${i}`);
  for (const name of names) await createAzureQueue(azurite, name);
  await expect.poll(() => azurite.requests()).toBeGreaterThan(0);
  const before = await settled(() => azurite.requests());
  const tasks = Array.from({ length: 200 }, (_, i) => names[i % names.length] ?? "");
  for (let interval = 0; interval < 3; interval++) await readAll(metric, tasks);
  expect(await settled(() => azurite.requests())).toBe(before + 30);
});

test("a queue that is made later is read then", async () => {
  await deleteAzureQueue(azurite, "later");
  const metric = await make();
  expect(await readOne(metric, "later")).toMatchObject({ error: { code: "ERR_QUEUE_MISSING" } });
  await createAzureQueue(azurite, "later");
  expect(await readOne(metric, "later")).toMatchObject({ kind: "reading", value: 0 });
});

test("a wrong key is refused, the right one is not", async () => {
  const { account, endpoint } = azurite;
  const key = createAzureKey();
  const metric = await makeMetric({ account, key, endpoint });
  const refused = await readOne(metric);
  expect(refused).toMatchObject({ kind: "failure", error: { code: "ERR_METRIC_REFUSED" } });
  expect(String((refused as { error: Error }).error)).toMatch(/Check `key`/);
  const right = await makeMetric({ account, key: azurite.key, endpoint });
  expect(await readOne(right)).toMatchObject({ kind: "reading" });
});

const sas = (services: string, types: string, permissions: string, endsInMs = 3_600_000): string =>
  generateAccountSASQueryParameters(
    {
      services,
      resourceTypes: types,
      permissions: AccountSASPermissions.parse(permissions),
      expiresOn: new Date(Date.now() + endsInMs),
    },
    new StorageSharedKeyCredential(azurite.account, azurite.key),
  ).toString();

describe("a shared access signature", () => {
  test("with the least rights that the README names reads both counts", async () => {
    const { endpoint } = azurite;
    await sendToAzureQueue(azurite, "jobs", { n: 2 });
    const metric = await makeMetric({ endpoint, sas: sas("q", "co", "r") });
    expect(await readAll(metric, ["jobs", "jobs:visible"])).toMatchObject([
      { value: 2 },
      { value: 2 },
    ]);
  });

  test.each([
    ["without reading", "q", "co", "l", 3_600_000],
    ["that is over", "q", "co", "r", -60_000],
  ])("%s is refused, and says what to check", async (_, services, types, permissions, endsInMs) => {
    const { endpoint } = azurite;
    const metric = await makeMetric({ endpoint, sas: sas(services, types, permissions, endsInMs) });
    const refused = await readOne(metric);
    expect(refused).toMatchObject({ kind: "failure", error: { code: "ERR_METRIC_REFUSED" } });
    const { message } = (refused as { error: Error }).error;
    expect(message).toMatch(/`sas`/);
    expect(message).not.toContain("sig=");
  });
});

const token = vi.hoisted(() => ({ value: "" }));
vi.mock("@azure/identity", () => ({
  DefaultAzureCredential: class {
    getToken = () =>
      Promise.resolve({ token: token.value, expiresOnTimestamp: Date.now() + 3_600_000 });
  },
}));

const jwt = (claims: object): string =>
  [{ alg: "none", typ: "JWT" }, claims, ""]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");

describe("an identity, over TLS", () => {
  let folder: string;
  let secure: Azurite;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "microscaling-azure-"));
    const made = await generate([{ name: "commonName", value: "azurite" }], {
      algorithm: "sha256",
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    await writeFile(files.cert, made.cert);
    await writeFile(files.key, made.private);
    tls.setDefaultCACertificates([...tls.getCACertificates(), made.cert]);
    secure = await startAzurite({ tls: files });
    await createAzureQueue(secure, "jobs");
  });
  afterAll(async () => {
    await secure.stop();
    await rm(folder, { recursive: true });
  });

  test("reads with its token, and is refused with one that is not for it", async () => {
    await sendToAzureQueue(secure, "jobs", { n: 3 });
    const now = Math.floor(Date.now() / 1000);
    const claims = { aud: "https://storage.azure.com", iss: "https://sts.windows.net/t/" };
    token.value = jwt({ ...claims, nbf: now - 60, iat: now - 60, exp: now + 3600 });
    const metric = await makeMetric({ identity: true, endpoint: secure.endpoint });
    expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 3 });
    token.value = jwt({
      ...claims,
      nbf: now - 60,
      iat: now - 60,
      exp: now + 3600,
      aud: "https://else",
    });
    const other = await makeMetric({ identity: true, endpoint: secure.endpoint });
    const refused = await readOne(other);
    expect(refused).toMatchObject({ kind: "failure", error: { code: "ERR_METRIC_REFUSED" } });
    expect(String((refused as { error: Error }).error)).toMatch(/`identity`/);
  });
});

/** The log comes a moment after the answers: the number once it stands still. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  await vi.waitUntil(
    () => {
      const isSame = count() === last;
      last = count();
      return isSame;
    },
    { interval: 100, timeout: 10_000 },
  );
  return last;
}
