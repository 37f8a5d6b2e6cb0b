import { MicroscalingError } from "@microscaling/core";
import type { TokenCredential } from "@azure/identity";

/** Imports `@azure/identity`. */
type LoadIdentity = () => Promise<{ DefaultAzureCredential: new () => TokenCredential }>;

const loadPackage: LoadIdentity = () => import("@azure/identity");

/**
 * Whoever the agent runs as: workload identity, managed identity, Azure CLI, … The package is only loaded where it is used.
 * @throws MicroscalingError `ERR_PLUGIN_LOAD` when it is not installed or cannot be loaded.
 */
export async function createIdentity(load: LoadIdentity = loadPackage): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await load().catch((error: unknown) => {
    throw loadError(error);
  });
  const credential = new DefaultAzureCredential();
  const getToken: TokenCredential["getToken"] = async (scopes, options) => {
    try {
      // Not ended with the read that asked for it: a token that takes longer than a read may is there for the next one.
      const patient = { ...options };
      delete patient.abortSignal;
      return await credential.getToken(scopes, patient);
    } catch (error) {
      throw refusedError(error);
    }
  };
  return { getToken };
}

function loadError(error: unknown): MicroscalingError {
  const isMissing =
    error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
  const message = isMissing
    ? "`identity` needs the package @azure/identity, which is not installed: npm install @azure/identity"
    : "@azure/identity cannot be loaded";
  return new MicroscalingError("ERR_PLUGIN_LOAD", message, { cause: error });
}

function refusedError(error: unknown): MicroscalingError {
  const words = error instanceof Error ? error.message : String(error);
  // The first line has the reason; those below it have what each of the ways that were tried says.
  const reason = words.split("\n", 1)[0]?.slice(0, 200) ?? "";
  return new MicroscalingError(
    "ERR_METRIC_REFUSED",
    `\`identity\`: no token could be had: ${reason}`,
    {
      details: words.split("\n").slice(1),
    },
  );
}
