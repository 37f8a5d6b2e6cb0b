import { MicroscalingError } from "@microscaling/core";
import type { QueueServiceClient, StoragePipelineOptions } from "@azure/storage-queue";
import { createIdentity } from "./identity.ts";
import { ACCOUNT_FORM, isAccount, isKey, KEY_FORM, type AzureQueueOptions } from "./options.ts";

/** How a source signs in, and where. Nothing is connected yet. */
export interface SignIn {
  readonly by: "key" | "sas" | "identity";
  /** What holds the credentials, for messages: an option or a variable. */
  readonly setting: string;
  /**
   * Loads the SDK, which takes a while, and makes the client.
   * @throws MicroscalingError `ERR_PLUGIN_LOAD` without `@azure/identity`, if that is needed.
   */
  connect(): Promise<QueueServiceClient>;
}

type Sdk = typeof import("@azure/storage-queue");
type Connect = (sdk: Sdk) => QueueServiceClient | Promise<QueueServiceClient>;

/** No retries, since the engine reads again soon, and has its own deadline. */
const PIPELINE: StoragePipelineOptions = {
  retryOptions: { maxTries: 1 },
  userAgentOptions: { userAgentPrefix: "microscaling" },
};

/**
 * Finds out how to sign in. What the options leave open comes from `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` when they do not say enough.
 */
export function createSignIn(options: AzureQueueOptions, env: NodeJS.ProcessEnv): SignIn {
  const { connectionString, sas, identity } = options;
  if (connectionString !== undefined) return byConnectionString(connectionString);
  const account = options.account ?? fromEnv(env, "AZURE_STORAGE_ACCOUNT_NAME", isAccount);
  const url = endpointOf(options, account);
  if (sas !== undefined) {
    const signed = `${url}?${sas.replace(/^\?/, "")}`;
    return signIn("sas", "`sas`", (sdk) => new sdk.QueueServiceClient(signed, undefined, PIPELINE));
  }
  if (identity === true) {
    return signIn("identity", "`identity`", async (sdk) => {
      return new sdk.QueueServiceClient(url, await createIdentity(), PIPELINE);
    });
  }
  const setting = options.key === undefined ? "AZURE_STORAGE_ACCOUNT_KEY" : "`key`";
  const key = options.key ?? fromEnv(env, "AZURE_STORAGE_ACCOUNT_KEY", isKey);
  if (key === undefined) throw missing("AZURE_STORAGE_ACCOUNT_KEY", KEY_FORM);
  if (account === undefined) throw missing("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT_FORM);
  return signIn("key", setting, (sdk) => {
    const credential = new sdk.StorageSharedKeyCredential(account, key);
    return new sdk.QueueServiceClient(url, credential, PIPELINE);
  });
}

function byConnectionString(written: string): SignIn {
  const by = written.includes("SharedAccessSignature=") ? "sas" : "key";
  return signIn(by, "`connectionString`", (sdk) =>
    sdk.QueueServiceClient.fromConnectionString(written, PIPELINE),
  );
}

function signIn(by: SignIn["by"], setting: string, connect: Connect): SignIn {
  return { by, setting, connect: async () => connect(await import("@azure/storage-queue")) };
}

/** Where a client's queues are: host and path alone, since the rest may be a signature. */
export function addressOf({ url }: QueueServiceClient): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`.replace(/\/$/, "");
}

function endpointOf(
  { endpoint, endpointSuffix = "core.windows.net" }: AzureQueueOptions,
  account: string | undefined,
): string {
  if (endpoint !== undefined) return endpoint.replace(/\/$/, "");
  if (account === undefined) throw missing("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT_FORM);
  return `https://${account}.queue.${endpointSuffix}`;
}

function fromEnv(
  env: NodeJS.ProcessEnv,
  name: "AZURE_STORAGE_ACCOUNT_NAME" | "AZURE_STORAGE_ACCOUNT_KEY",
  isRight: (value: string) => boolean,
): string | undefined {
  const value = env[name] ?? "";
  if (value === "" || isRight(value)) return value === "" ? undefined : value;
  const form = isRight === isKey ? KEY_FORM : ACCOUNT_FORM;
  throw new MicroscalingError(
    "ERR_CONFIG_SETTING",
    `${name}: expected ${form}, found something else`,
  );
}

function missing(name: string, form: string): MicroscalingError {
  const option = form === KEY_FORM ? "`key`, `connectionString`, `sas` or `identity`" : "`account`";
  return new MicroscalingError(
    "ERR_CONFIG_SETTING",
    `${name}: expected ${form}, found none; set it, or ${option} of the metric's source`,
  );
}
