import { asMicroscalingError } from "@microscaling/core";
import { EXIT } from "../cli/exit-codes.ts";
import { findConfigFile } from "../config/find.ts";
import { countTasks } from "../log/words.ts";
import { CLOSE_MS, createClosing } from "./closing.ts";
import { keepLearned, learnedPath, learnedText, type Keeper } from "./learned.ts";
import { makeParts, type Parts, type PartsRequest } from "./parts.ts";
import {
  listenToProcess,
  pluginOf,
  type ProcessHandlers,
  type ProcessLike,
} from "./process-events.ts";
import { fileState, watchFile, type FileWatch } from "./watch-file.ts";
import { endsWithin } from "./within.ts";

/** What {@link runAgent} needs. */
export interface RunRequest extends PartsRequest {
  /** The version of the agent, for the first log line. */
  readonly version: string;
  /** The source of signals and faults. */
  readonly process: ProcessLike;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** How often the config file is checked for changes, in milliseconds. */
const WATCH_MS = 1000;

/**
 * Runs the agent until a signal or an uncaught exception ends it.
 * @returns the exit code: 0 after a signal, 3 if a drain left instances running then, 1 after an exception.
 * @throws MicroscalingError if it cannot start. Nothing has been changed then.
 */
export async function runAgent(request: RunRequest): Promise<number> {
  const found = findConfigFile(request);
  const read = found === undefined ? undefined : await fileState(found);
  const parts = await makeParts(request);
  const ending = Promise.withResolvers<number>();
  const deafen = listenToProcess(
    request.process,
    request.clock,
    createHandlers(request, parts, ending.resolve),
  );
  const watching = new AbortController();
  followFile(request, parts, { read, signal: watching.signal });
  parts.engine.start();
  const keeper = keep(request, parts);
  request.log.logger.info(startLine(request, parts));
  const code = await ending.promise;
  watching.abort();
  const left = await stop(request, parts, keeper);
  deafen();
  return code === EXIT.ok && left.length > 0 ? EXIT.left : code;
}

/** Saves what is learned to the file in the current config. A dry run changes nothing, not even that file. */
function keep({ clock, log: { logger }, cwd, dryRun }: RunRequest, parts: Parts): Keeper {
  const { engine, reloader } = parts;
  return keepLearned({
    clock,
    logger,
    file: () => (dryRun ? undefined : learnedPath(reloader.config(), cwd)),
    text: () => learnedText(reloader.config().spec, engine.learned()),
  });
}

function startLine({ version, dryRun }: RunRequest, { reloader, address }: Parts): string {
  const { origin, spec } = reloader.config();
  const what = `${countTasks(spec.tasks.length)} on ${spec.scheduler.name}`;
  const where = address === undefined ? "" : `, ${address}`;
  return `microscaling ${version}: ${what}, ${origin}${where}${dryRun ? ", dry run" : ""}`;
}

function followFile(
  { clock }: RunRequest,
  { reloader }: Parts,
  since: Pick<FileWatch, "read" | "signal">,
): void {
  const { file } = reloader.config();
  if (file === undefined) return;
  const changed = (): void => void reloader.reload("the file changed");
  void watchFile({ file, clock, intervalMs: WATCH_MS, changed, ...since });
}

function createHandlers(
  { log: { logger }, exit }: RunRequest,
  { reloader }: Parts,
  end: (code: number) => void,
): ProcessHandlers {
  const fault = (message: string, error: unknown): void => {
    const plugin = pluginOf(error);
    const where = plugin === undefined ? message : `${message} in ${plugin}`;
    logger.error(where, { error: asMicroscalingError(error, "ERR_PLUGIN_FAULT", where), plugin });
  };
  return {
    stop(signal) {
      logger.info(`${signal}: stopping (shutdown: ${reloader.config().spec.shutdown})`);
      end(0);
    },
    stopAtOnce(signal) {
      logger.warn(`${signal} again: stopping at once`);
      exit(1);
    },
    reload: () => void reloader.reload("SIGHUP"),
    rejected: (reason) => fault("unhandled promise rejection", reason),
    crashed(error) {
      fault("uncaught exception; stopping", error);
      end(1);
    },
  };
}

/**
 * Ends everything in bounded time. Logs parts that hang, and no longer waits for them.
 * @returns the names of the drained tasks that may still have instances
 */
async function stop(
  { clock, log: { logger }, view }: RunRequest,
  parts: Parts,
  keeper: Keeper,
): Promise<readonly string[]> {
  const { engine, reloader, http, record } = parts;
  await endsWithin(clock, CLOSE_MS, reloader.close());
  const graceMs = reloader.config().settings.shutdownGraceMs;
  const close = createClosing({ clock, logger, graceMs });
  // Before tasks are drained, because drained tasks have nothing more to learn.
  await close("the file of learned data", keeper.close());
  let left: readonly string[] = [];
  await close(
    "the engine",
    engine.stop({ graceMs }).then((stopped) => (left = stopped.left)),
  );
  // Instances that cannot outlive the agent are stopped here, which may take their whole grace period.
  await close("a plugin", Promise.all([reloader.config().close(), reloader.released()]));
  await close("the endpoints", http?.close());
  await close("the record", record?.close());
  view?.close();
  logger.info("stopped");
  return left;
}
