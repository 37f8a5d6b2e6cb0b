import type { StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. At most one of `connectionString`, `key`, `sas` and `identity`. */
export interface AzureQueueOptions {
  /** Has the address and a key or a SAS in it. */
  readonly connectionString?: string | undefined;
  /** The storage account's name. */
  readonly account?: string | undefined;
  /** One of the account's two keys, in base64. */
  readonly key?: string | undefined;
  /** A shared access signature: `sv=…&sig=…`. */
  readonly sas?: string | undefined;
  /** Signs in as whoever the agent runs as, through `@azure/identity`. */
  readonly identity?: true | undefined;
  /** The end of the account's host name in its cloud. */
  readonly endpointSuffix?: string | undefined;
  /** The URL of the account's queues, where it is not made of the account and the suffix. */
  readonly endpoint?: string | undefined;
}

/** Which queue a task looks at. */
export interface AzureQueueQuery {
  readonly queue: string;
  /** `all`: those that wait, those that workers have, and those that may not be taken yet. `visible`: those that wait. */
  readonly count: "all" | "visible";
}

/** Whether `written` is the name of a storage account. */
export function isAccount(written: string): boolean {
  return /^[a-z0-9]{3,24}$/.test(written);
}

/** What {@link isAccount} wants, for messages. */
export const ACCOUNT_FORM = "a storage account's name: 3 to 24 lowercase letters and digits";

/** Whether `written` may be the key of a storage account. */
export function isKey(written: string): boolean {
  return z.base64().min(4).safeParse(written).success;
}

/** What {@link isKey} wants, for messages. */
export const KEY_FORM = "a storage account's key, in base64";

/** A mistake in something that holds a secret. In these words, since the agent adds to others what it found. */
const notFound = (form: string): { error: string } => ({
  error: `${form} is expected, something else was found`,
});

const WAYS = ["connectionString", "key", "sas", "identity"] as const;

/** Checks a source under `metrics:`. */
export const options: StandardSchema<AzureQueueOptions> = z
  .strictObject({
    connectionString: z
      .string()
      .refine(
        isConnectionString,
        notFound("a storage account's connection string, as the portal shows it,"),
      )
      .optional()
      .describe("The account's connection string; write it as a ${VARIABLE}."),
    account: z
      .string()
      .refine(isAccount, { error: `expected ${ACCOUNT_FORM}` })
      .optional()
      .describe("The storage account's name. Without it: AZURE_STORAGE_ACCOUNT_NAME."),
    key: z
      .string()
      .refine(isKey, notFound(`${KEY_FORM},`))
      .optional()
      .describe(
        "One of the account's keys; write it as a ${VARIABLE}. Without it, and without another way of signing in: AZURE_STORAGE_ACCOUNT_KEY.",
      ),
    sas: z
      .string()
      .refine(
        (text) => /^\??\w+=/.test(text) && new URLSearchParams(text).has("sig"),
        notFound("a shared access signature (sv=…&sig=…)"),
      )
      .optional()
      .describe("A shared access signature; write it as a ${VARIABLE}."),
    identity: z
      .literal(true)
      .optional()
      .describe(
        "Sign in as whoever the agent runs as: workload identity, managed identity, Azure CLI, … Needs the package @azure/identity.",
      ),
    endpointSuffix: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, {
        error: "expected the end of a host name, such as core.windows.net",
      })
      .optional()
      .describe("Default core.windows.net; core.chinacloudapi.cn in China, and so on."),
    endpoint: z
      .string()
      .refine(isEndpoint, notFound("an http:// or https:// URL without credentials and query"))
      .optional()
      .describe("The URL of the account's queues, for Azurite or a name of your own."),
  })
  .check(({ value, issues }) => {
    const fault = faultOf(value);
    if (fault !== undefined) {
      issues.push({ code: "custom", input: undefined, message: fault.text, path: [fault.key] });
    }
  });

/** What is wrong with the options as a whole. */
function faultOf(value: AzureQueueOptions): { key: string; text: string } | undefined {
  const [first, second] = WAYS.filter((way) => value[way] !== undefined);
  if (first !== undefined && second !== undefined) {
    const text = `one way of signing in is expected (${WAYS.join(", ")}), found ${first} and ${second}`;
    return { key: second, text };
  }
  if (value.connectionString !== undefined) {
    const beside = (["account", "endpoint", "endpointSuffix"] as const).find((key) => value[key]);
    const text = "expected none beside connectionString, which has the address in it";
    return beside && { key: beside, text };
  }
  if (value.endpoint === undefined) return undefined;
  if (value.endpointSuffix !== undefined) {
    return { key: "endpointSuffix", text: "expected endpoint or endpointSuffix, not both" };
  }
  if (value.identity === true && !value.endpoint.startsWith("https:")) {
    const text = "expected https:// with identity, since its tokens are not sent in the clear";
    return { key: "endpoint", text };
  }
  return undefined;
}

async function isConnectionString(written: string): Promise<boolean> {
  // Loaded only where it is needed: commands that read a config and nothing else should not wait for it.
  const { QueueServiceClient } = await import("@azure/storage-queue");
  try {
    return QueueServiceClient.fromConnectionString(written) !== undefined;
  } catch {
    // Its words may have parts of the string in them.
    return false;
  }
}

function isEndpoint(written: string): boolean {
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return `${url.username}${url.password}${url.search}${url.hash}` === "";
}

/** Checks a task's `metric:`. */
export const query: StandardSchema<AzureQueueQuery> = z.strictObject({
  queue: z
    .string()
    .regex(/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/, {
      error:
        "expected a queue's name: 3 to 63 lowercase letters, digits and single dashes, with a letter or digit at both ends",
    })
    .describe("The queue's name."),
  count: z
    .enum(["all", "visible"])
    .default("all")
    .describe(
      "all: messages that wait, that workers have, and that are delayed. visible: those that wait, as far as peeking shows: exact up to 31, all beyond that.",
    ),
});
