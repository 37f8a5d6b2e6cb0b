import type { Clock } from "@microscaling/core";
import { createEngine, type Engine } from "@microscaling/engine";
import { loadConfig, type LoadedConfig } from "../config/index.ts";
import type { HttpServer } from "../http/server.ts";
import type { LiveView } from "../live/view.ts";
import { createChangeLog } from "../log/change-log.ts";
import type { Log } from "../log/logger.ts";
import type { RecordFile } from "./record-file.ts";
import { handOn, learnedPath, recall } from "./learned.ts";
import { createReloader, type Reloader } from "./reloader.ts";

/** The input for the parts of the agent. */
export interface PartsRequest {
  /** The file as written after `--config`. */
  readonly file?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly view?: LiveView;
  /** The file for the record, as the user wrote it. */
  readonly record?: string;
}

/** The parts of the agent, not started yet. */
export interface Parts {
  readonly engine: Engine;
  readonly reloader: Reloader;
  readonly http: HttpServer | undefined;
  /** The address of the endpoints, if any. */
  readonly address: string | undefined;
  readonly record: RecordFile | undefined;
}

/**
 * Reads the config, creates the engine, and opens the endpoints.
 * @throws MicroscalingError if any of that fails. Nothing has been changed then.
 */
export async function makeParts(request: PartsRequest): Promise<Parts> {
  const { log, view } = request;
  const config = await readConfig(request);
  adopt(log, config);
  for (const warning of config.warnings) log.logger.warn(warning);
  const http = config.settings.http === false ? undefined : await makeHttp(request);
  const monitors = [createChangeLog(log.logger, request.clock), http?.monitor, view?.monitor];
  const record = await openRecord(request);
  const spec = await recall(config.spec, learnedPath(config, request.cwd), log.logger);
  const engine = createEngine(spec, {
    clock: request.clock,
    logger: log.logger.child({ component: "engine" }),
    monitors: monitors.filter((monitor) => monitor !== undefined),
    random: Math.random,
    dryRun: request.dryRun,
    ...(record === undefined ? {} : { recorder: record.recorder }),
  });
  const reloader: Reloader = createReloader(config, {
    engine: {
      reload: (next) => engine.reload(handOn(reloader.config().spec, engine.learned(), next)),
    },
    logger: log.logger,
    load: (previous) => readConfig(request, previous),
    adopt: (next) => adopt(log, next),
  });
  const address = await open(request, { engine, reloader, http, record });
  view?.show({
    state: () => engine.state(),
    dryRun: request.dryRun,
  });
  return { engine, reloader, http, address, record };
}

/** Reads the config for the engine. On a reload, `previous` is the current config. */
export function readConfig(
  { file, env, cwd, clock, log }: PartsRequest,
  previous?: LoadedConfig,
): Promise<LoadedConfig> {
  return loadConfig({
    ...(file === undefined ? {} : { file }),
    ...(previous === undefined ? {} : { previous }),
    env,
    cwd,
    context: { clock, logger: log.logger },
  });
}

/** Makes the log follow `config`, and hide its secrets. */
export function adopt(log: Log, config: LoadedConfig): void {
  log.redactor.add(config.secrets);
  log.configure(config.settings.log);
}

/** Loads the endpoints only if they are configured, because they take a third of the agent's memory. */
async function makeHttp({ log }: PartsRequest): Promise<HttpServer> {
  const { createHttpServer } = await import("../http/server.ts");
  return createHttpServer(log.redactor);
}

async function openRecord({ record, cwd, log }: PartsRequest): Promise<RecordFile | undefined> {
  if (record === undefined) return undefined;
  const { openRecordFile } = await import("./record-file.ts");
  return await openRecordFile(record, cwd, log);
}

async function open(
  { dryRun, log }: PartsRequest,
  { engine, reloader, http, record }: Omit<Parts, "address">,
): Promise<string | undefined> {
  const config = reloader.config();
  const at = config.settings.http;
  if (http === undefined || at === false) return undefined;
  try {
    return await http.listen(at, {
      engine,
      config: () => reloader.config(),
      dryRun,
      log: () => log.health(),
    });
  } catch (error) {
    await record?.close();
    await config.close();
    throw error;
  }
}
