import { MicroscalingError } from "@microscaling/core";
import { linesOf, loadOptional, neededFromEnv } from "@microscaling/plugin-kit";
import type { TokenCredential } from "@azure/identity";
import type { QueueServiceClient, StoragePipelineOptions } from "@azure/storage-queue";
import type { StorageSharedKeyCredential as Key } from "@azure/storage-queue";
import { ACCOUNT, KEY, type Options } from "./options.ts";

/** How and where a source signs in. Nothing is connected yet. */
export interface SignIn {
  readonly by: "key" | "sas" | "identity";
  /** The option or variable that has the credentials, for messages. */
  readonly setting: string;
  /** Loads the SDK, which takes a while. @throws MicroscalingError `ERR_PLUGIN_LOAD` if `@azure/identity` is needed and missing. */
  connect(): Promise<QueueServiceClient>;
}

/** No retries, because the engine reads again soon and has its own deadline. */
const PIPELINE: StoragePipelineOptions = {
  retryOptions: { maxTries: 1 },
  userAgentOptions: { userAgentPrefix: "microscaling" },
};
const WAYS = "`key`, `connectionString`, `sas` or `identity`";

const load = () => import("@azure/storage-queue");

async function client(url: string, by?: TokenCredential | Key): Promise<QueueServiceClient> {
  return new (await load()).QueueServiceClient(url, by, PIPELINE);
}

/**
 * Finds out how to sign in. Missing options come from `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` if something is missing.
 */
export function createSignIn(options: Options): SignIn {
  const { connectionString, sas, identity, endpointSuffix = "core.windows.net" } = options;
  if (connectionString !== undefined) {
    const by = connectionString.includes("SharedAccessSignature=") ? "sas" : "key";
    const connect = async (): Promise<QueueServiceClient> =>
      (await load()).QueueServiceClient.fromConnectionString(connectionString, PIPELINE);
    return { by, setting: "`connectionString`", connect };
  }
  const named = (): string =>
    options.account ?? neededFromEnv("`account`", "AZURE_STORAGE_ACCOUNT_NAME", ...ACCOUNT);
  const url = options.endpoint?.replace(/\/$/, "") ?? `https://${named()}.queue.${endpointSuffix}`;
  if (sas !== undefined) {
    const connect = () => client(`${url}?${sas.replace(/^\?/, "")}`);
    return { by: "sas", setting: "`sas`", connect };
  }
  if (identity === true) {
    const connect = async () => client(url, await createIdentity());
    return { by: "identity", setting: "`identity`", connect };
  }
  const key = options.key ?? neededFromEnv(WAYS, "AZURE_STORAGE_ACCOUNT_KEY", ...KEY);
  const account = named();
  const setting = options.key === undefined ? "AZURE_STORAGE_ACCOUNT_KEY" : "`key`";
  const connect = async () =>
    client(url, new (await load()).StorageSharedKeyCredential(account, key));
  return { by: "key", setting, connect };
}

/** The address of a client's queues: only host and path, because the rest may be a signature. */
export function addressOf({ url }: QueueServiceClient): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`.replace(/\/$/, "");
}

/** The identity of the agent: workload identity, managed identity, Azure CLI, … The package is loaded only if used. */
async function createIdentity(): Promise<TokenCredential> {
  const identity = await loadOptional("@azure/identity", () => import("@azure/identity"));
  const credential = new identity.DefaultAzureCredential();
  return {
    async getToken(scopes, options) {
      try {
        // Does not end with the read that asked for it: a token that takes longer than a read is available for the next one.
        const { abortSignal: _, ...patient } = options ?? {};
        return await credential.getToken(scopes, patient);
      } catch (error) {
        // The first line has the reason. The lines below have the message of each way that was tried.
        const [reason, ...details] = linesOf(error);
        const text = `\`identity\`: no token available: ${reason}`;
        throw new MicroscalingError("ERR_METRIC_REFUSED", text, { details });
      }
    },
  };
}
