import { afterEach, beforeEach, expect, test, vi } from "vitest";
import plugin from "../src/index.ts";
import { addressOf, createSignIn } from "../src/client.ts";
import { all, startFakeServer } from "./fake-server.ts";
import { KEY, makeMetric, readOne } from "./make.ts";

const connectionString = `DefaultEndpointsProtocol=https;AccountName=store;AccountKey=${KEY};EndpointSuffix=core.windows.net`;
const endpoint = "http://127.0.0.1:10001/store";

beforeEach(() => {
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_NAME", "");
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_KEY", "");
});
afterEach(() => vi.unstubAllEnvs());

async function mistakes(written: unknown): Promise<string[]> {
  const { issues = [] } = await plugin.options["~standard"].validate(written);
  return issues.map(({ path = [], message }) => `${path.map(String).join(".")}: ${message}`);
}

test.each([
  [{ connectionString: "" }, "connectionString: expected a storage account's connection string"],
  [
    { connectionString: "AccountName=store;AccountKey=SECRET" },
    "connectionString: expected a storage",
  ],
  [{ account: "my_store" }, "account: expected a storage account's name"],
  [{ account: "ab" }, "account: expected"],
  [
    { account: "store", key: "SECRET!" },
    "key: expected a storage account's key, in base64, found something else",
  ],
  [{ account: "store", key: "" }, "key: expected a storage"],
  [
    { account: "store", sas: "sv=SECRET" },
    "sas: expected a shared access signature (sv=…&sig=…), found something else",
  ],
  [
    { account: "store", sas: "https://store?sig=SECRET" },
    "sas: expected a shared access signature",
  ],
  [{ account: "store", identity: false }, "identity: "],
  [{ account: "store", endpointSuffix: "https://x.y" }, "endpointSuffix: expected the end of"],
  [{ endpoint: "127.0.0.1:10001" }, "endpoint: expected an http:// or https:// URL"],
  [{ endpoint: "https://me:SECRET@host" }, "endpoint: expected an http:// or https:// URL"],
  [{ endpoint: "https://host?sig=SECRET" }, "endpoint: expected an http:// or https:// URL"],
  [{ keys: "SECRET" }, "Unrecognized key"],
  [
    { connectionString, account: "store" },
    "account: expected either connectionString or account, found both",
  ],
  [
    { connectionString, endpoint },
    "endpoint: expected either connectionString or endpoint, found both",
  ],
  [
    { connectionString, key: KEY },
    "key: expected only one of connectionString, key, sas or identity, found connectionString and key",
  ],
  [
    { key: KEY, sas: "sig=SECRET" },
    "sas: expected only one of connectionString, key, sas or identity, found key and sas",
  ],
  [{ sas: "sig=SECRET", identity: true }, "identity: expected only one of"],
  [
    { endpoint, endpointSuffix: "core.chinacloudapi.cn" },
    "endpointSuffix: expected either endpoint or endpointSuffix, found both",
  ],
  [{ endpoint, identity: true }, "endpoint: expected https:// with identity"],
])("%o is refused, and its secrets are not told", async (written, mistake) => {
  const found = await mistakes(written);
  expect(found).toEqual([expect.stringContaining(mistake)]);
  expect(found.join()).not.toMatch(/SECRET|dGhlLWtleS1/);
});

test.each([
  [{}],
  [{ connectionString }],
  [{ connectionString: "UseDevelopmentStorage=true" }],
  [
    {
      connectionString:
        "QueueEndpoint=https://store.queue.core.windows.net;SharedAccessSignature=sv=2024&sig=x",
    },
  ],
  [{ account: "store", key: KEY, endpointSuffix: "core.chinacloudapi.cn" }],
  [{ account: "store", sas: "?sv=2024&sig=x" }],
  [{ account: "store", identity: true }],
  [{ endpoint, account: "store", key: KEY }],
])("%o is accepted", async (written) => {
  expect(await mistakes(written)).toEqual([]);
});

test.each(["ab", "a".repeat(64), "Jobs", "jobs_1", "-jobs", "jobs-", "jo--bs", "jobs/1", "", 7])(
  "%o is not the name of a queue",
  async (queue) => {
    const { issues } = await plugin.query["~standard"].validate({ queue });
    expect(issues).toMatchObject([{ path: ["queue"] }]);
  },
);

test.each(["abc", "a".repeat(63), "0-jobs-1"])("%s is the name of a queue", async (queue) => {
  const checked = await plugin.query["~standard"].validate({ queue });
  expect(checked).toEqual({ value: { queue, count: "all" } });
});

test("account and key come from the variables of the original where the options do not say", async () => {
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_NAME", "store");
  vi.stubEnv("AZURE_STORAGE_ACCOUNT_KEY", KEY);
  const azure = await startFakeServer(all(6));
  expect(await readOne(await makeMetric({ endpoint: azure.endpoint }))).toMatchObject({ value: 6 });
  const other = await makeMetric({ endpoint: azure.endpoint, account: "other" });
  expect(await readOne(other)).toMatchObject({ value: 6 });
  expect(azure.requests.map(({ authorization }) => authorization?.split(":")[0])).toEqual([
    "SharedKey store",
    "SharedKey other",
  ]);
});

test.each([
  [{}, {}, /^AZURE_STORAGE_ACCOUNT_NAME: expected .*, found none\. Set it, or `account`/],
  [{ account: "store" }, {}, /^AZURE_STORAGE_ACCOUNT_KEY: .*Set it, or `key`, `connectionString`/],
  [{ key: KEY, endpoint }, {}, /^AZURE_STORAGE_ACCOUNT_NAME: expected .*, found none/],
  [{ identity: true }, {}, /^AZURE_STORAGE_ACCOUNT_NAME: expected .*, found none/],
  [{}, { NAME: "A SECRET" }, /^AZURE_STORAGE_ACCOUNT_NAME: expected .*, found something else$/],
  [
    {},
    { NAME: "store", KEY: "A SECRET" },
    /^AZURE_STORAGE_ACCOUNT_KEY: expected .*, found something else$/,
  ],
])("%o with the variables %o says what to set", async (written, variables, words) => {
  for (const [name, value] of Object.entries(variables)) {
    vi.stubEnv(`AZURE_STORAGE_ACCOUNT_${name}`, value);
  }
  await expect(makeMetric(written)).rejects.toMatchObject({
    code: "ERR_CONFIG_SETTING",
    message: expect.stringMatching(words) as unknown,
  });
});

test.each([
  [{ account: "store", sas: "sig=x" }, "store.queue.core.windows.net"],
  [
    { account: "store", key: KEY, endpointSuffix: "core.chinacloudapi.cn" },
    "store.queue.core.chinacloudapi.cn",
  ],
  [{ connectionString }, "store.queue.core.windows.net"],
  [
    {
      connectionString: `DefaultEndpointsProtocol=https;AccountName=store;AccountKey=${KEY};EndpointSuffix=core.usgovcloudapi.net`,
    },
    "store.queue.core.usgovcloudapi.net",
  ],
])("%o leads to the account's host in its cloud", async (written, host) => {
  expect(addressOf(await createSignIn(written).connect())).toBe(host);
});

test("every option is described, for editors", () => {
  for (const schema of [plugin.options, plugin.query]) {
    const json = schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
    const properties = Object.values(json?.["properties"] ?? {});
    expect(properties.length).toBeGreaterThan(1);
    for (const property of properties) expect(property).toHaveProperty("description");
  }
});
