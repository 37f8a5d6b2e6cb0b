import { MicroscalingError } from "@microscaling/core";

/**
 * Loads a package that only some users of a plugin need, and that is therefore an optional peer dependency.
 * @throws MicroscalingError `ERR_PLUGIN_LOAD` if it is not installed or cannot be loaded.
 * @example await loadOptional("@azure/identity", () => import("@azure/identity"))
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const isMissing =
      cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
    const what = isMissing ? `is not installed. Run: npm install ${name}` : "cannot be loaded";
    throw new MicroscalingError("ERR_PLUGIN_LOAD", `the package ${name} ${what}`, { cause });
  }
}
