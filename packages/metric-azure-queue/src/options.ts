import type { StandardSchema } from "@microscaling/core";
import { atMostOne, httpUrl, secret, text } from "@microscaling/plugin-kit";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. */
export interface Options {
  /** The connection string, with the address and a key or a SAS. */
  readonly connectionString?: string | undefined;
  readonly account?: string | undefined;
  /** One of the account's two keys, in base64. */
  readonly key?: string | undefined;
  /** A shared access signature: `sv=…&sig=…`. */
  readonly sas?: string | undefined;
  /** Whether to sign in with the identity of the agent, with `@azure/identity`. */
  readonly identity?: true | undefined;
  readonly endpointSuffix?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** The queue that a task reads. */
export interface Query {
  readonly queue: string;
  /** `all`: waiting messages, messages that workers have, and delayed messages. `visible`: only waiting messages. */
  readonly count: "all" | "visible";
}

type Form = readonly [expected: string, form: RegExp];

const NAMED = "a storage account's name: 3 to 24 lowercase letters and digits";
/** The name of an account. */
export const ACCOUNT: Form = [NAMED, /^[a-z0-9]{3,24}$/];

const BASE64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;
/** One of the two keys of an account. */
export const KEY: Form = ["a storage account's key, in base64", BASE64];
const SAS: Form = ["a shared access signature (sv=…&sig=…)", /^\??(\w+=.*&)?sig=/];

async function isConnectionString(written: string): Promise<boolean> {
  // Loaded only if needed, so that commands that only read a config do not wait for it.
  const sdk = import("@azure/storage-queue");
  const made = sdk.then((loaded) => loaded.QueueServiceClient.fromConnectionString(written));
  // The error may contain parts of the string.
  return made.then(() => true).catch(() => false);
}

const CONNECTION = "a storage account's connection string, as the portal shows it";
const connection = secret("The account's connection string.", CONNECTION, isConnectionString);
const NAME = "The storage account's name. Default: AZURE_STORAGE_ACCOUNT_NAME.";
const ONE_KEY = "One of the account's keys. Default, if nothing else: AZURE_STORAGE_ACCOUNT_KEY.";
const IDENTITY = "Sign in with the identity of the agent, with the package @azure/identity.";
const SUFFIX = "The end of the host name. Default: core.windows.net; China: core.chinacloudapi.cn";
const HOST_END = "the end of a host name, such as core.windows.net";

/** Checks a source under `metrics:`. */
export const options: StandardSchema<Options> = z
  .strictObject({
    connectionString: connection.optional(),
    account: text(NAME, ...ACCOUNT).optional(),
    key: secret(ONE_KEY, ...KEY).optional(),
    sas: secret("A shared access signature.", ...SAS).optional(),
    identity: z.literal(true).optional().describe(IDENTITY),
    endpointSuffix: text(SUFFIX, HOST_END, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/).optional(),
    endpoint: httpUrl("The URL of the queues, for Azurite or a custom domain.").optional(),
  })
  .check(
    atMostOne("connectionString", "key", "sas", "identity"),
    ...["account", "endpoint", "endpointSuffix"].map((key) => atMostOne("connectionString", key)),
    atMostOne("endpoint", "endpointSuffix"),
  )
  .refine(({ endpoint, identity }) => !identity || !endpoint?.startsWith("http:"), {
    error: "expected https:// with identity because tokens are secret, found http://",
    path: ["endpoint"],
  });

const QUEUE =
  "a queue's name: 3 to 63 lowercase letters, digits and single dashes, with a letter or digit at both ends";
const COUNT =
  "all: waiting messages, messages that workers have, and delayed messages. visible: only waiting messages, exact up to 31; above that, the same as all.";

/** Checks a task's `metric:`. */
export const query: StandardSchema<Query> = z.strictObject({
  queue: text("The queue's name.", QUEUE, /^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/),
  count: z.enum(["all", "visible"]).default("all").describe(COUNT),
});
