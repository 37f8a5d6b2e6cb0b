import { MicroscalingError } from "@microscaling/core";
import { linesOf, loadOptional, neededFromEnv } from "@microscaling/plugin-kit";
import type { TokenCredential } from "@azure/identity";
import type { QueueServiceClient, StoragePipelineOptions } from "@azure/storage-queue";
import type { StorageSharedKeyCredential as Key } from "@azure/storage-queue";
import { ACCOUNT, KEY, type Options } from "./options.ts";

/** How a source signs in, and where. Nothing is connected yet. */
export interface SignIn {
  readonly by: "key" | "sas" | "identity";
  /** What holds the credentials, for messages: an option or a variable. */
  readonly setting: string;
  /** Loads the SDK, which takes a while. @throws MicroscalingError `ERR_PLUGIN_LOAD` without `@azure/identity`, if that is needed. */
  connect(): Promise<QueueServiceClient>;
}

/** No retries, since the engine reads again soon, and has its own deadline. */
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
 * Finds out how to sign in. What the options leave open comes from `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` when they do not say enough.
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

/** Where a client's queues are: host and path alone, since the rest may be a signature. */
export function addressOf({ url }: QueueServiceClient): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`.replace(/\/$/, "");
}

/** Whoever the agent runs as: workload identity, managed identity, Azure CLI, … The package is only loaded where it is used. */
export async function createIdentity(): Promise<TokenCredential> {
  const identity = await loadOptional("@azure/identity", () => import("@azure/identity"));
  const credential = new identity.DefaultAzureCredential();
  return {
    async getToken(scopes, options) {
      try {
        // Not ended with the read that asked for it: a token that takes longer than a read may is there for the next one.
        const { abortSignal: _, ...patient } = options ?? {};
        return await credential.getToken(scopes, patient);
      } catch (error) {
        // The first line has the reason; those below it have what each of the ways that were tried says.
        const [reason, ...details] = linesOf(error);
        const text = `\`identity\`: no token available: ${reason}`;
        throw new MicroscalingError("ERR_METRIC_REFUSED", text, { details });
      }
    },
  };
}
