import { dirname, isAbsolute, relative } from "node:path";
import { MicroscalingError } from "@microscaling/core";
import { readAppsMessage, readHardcoded } from "./apps-message.ts";
import type { Document } from "./document.ts";
import { CONFIG_FILES, findConfigFile, type FindRequest } from "./find.ts";
import { parseConfig, readConfigFile } from "./read.ts";
import type { Variables } from "./variables.ts";

/** A config that was read, and where it came from. */
export interface Opened {
  readonly document: Document;
  /** Absolute path; absent if the config comes only from variables. */
  readonly file: string | undefined;
  /** Absolute path of the folder from which plugins and relative paths are looked up. */
  readonly folder: string;
}

/** Where to look for a config. */
export interface OpenRequest extends FindRequest {
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Reads the config from a file or from the variables.
 * @throws MicroscalingError `ERR_CONFIG_*`.
 */
export async function openConfig(request: OpenRequest, variables: Variables): Promise<Opened> {
  const { mode, data, names } = variables;
  const found = findConfigFile(request);
  if (mode === "ENVVAR" || mode === "HARDCODED") return openVariables(request, variables, mode);
  if (mode === undefined && data !== undefined && found === undefined)
    return openVariables(request, variables, "ENVVAR");
  if (data !== undefined) {
    const text =
      "MSS_CONFIG_DATA: cannot be used with a config file; set MSS_CONFIG=ENVVAR or unset MSS_CONFIG_DATA";
    throw new MicroscalingError("ERR_CONFIG_SETTING", text);
  }
  if (found !== undefined) return await openFile(request, found);
  if (mode === undefined && names.length > 0) {
    const text =
      "MSS_CONFIG: the default is SERVER, which is not supported yet; use MSS_CONFIG=ENVVAR with MSS_CONFIG_DATA, or a config file";
    throw new MicroscalingError("ERR_CONFIG_LATER", text);
  }
  const text = `there is no config: no ${CONFIG_FILES.join(" or ")} in ${request.cwd}`;
  const details = ["`microscaling init` writes one; `--config` names another file"];
  throw new MicroscalingError("ERR_CONFIG_UNREADABLE", text, { details });
}

async function openFile({ cwd, env }: OpenRequest, file: string): Promise<Opened> {
  const name = nameFile(file, cwd);
  const text = await readConfigFile(file, name);
  return { document: parseConfig({ text, name, env }), file, folder: dirname(file) };
}

function openVariables(
  { file, cwd }: OpenRequest,
  { data, scheduler = "docker" }: Variables,
  mode: "ENVVAR" | "HARDCODED",
): Opened {
  if (file !== undefined) {
    const text = `MSS_CONFIG: ${mode} cannot be used with --config; use either MSS_CONFIG or --config`;
    throw new MicroscalingError("ERR_CONFIG_SETTING", text);
  }
  if (mode === "ENVVAR" && data === undefined) {
    const text =
      "MSS_CONFIG_DATA: expected the apps message because MSS_CONFIG is ENVVAR, found nothing";
    throw new MicroscalingError("ERR_CONFIG_SETTING", text);
  }
  if (mode === "HARDCODED" && data !== undefined) {
    const text =
      "MSS_CONFIG_DATA: cannot be used with MSS_CONFIG=HARDCODED; unset either of the two";
    throw new MicroscalingError("ERR_CONFIG_SETTING", text);
  }
  const document =
    mode === "ENVVAR"
      ? readAppsMessage(data ?? "", "MSS_CONFIG_DATA", scheduler)
      : readHardcoded(scheduler);
  const passedOver = findConfigFile({ cwd });
  if (passedOver !== undefined)
    document.warnings.push(`${nameFile(passedOver, cwd)} is ignored because MSS_CONFIG is ${mode}`);
  return { document, file: undefined, folder: cwd };
}

/** The file's path for people: relative to the current folder if the file is inside it. */
function nameFile(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short.startsWith("..") || isAbsolute(short) ? file : short;
}
