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
  /** Of the agent, for the first log line. */
  readonly version: string;
  /** Where signals and faults come from. */
  readonly process: ProcessLike;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** How often the config file is looked at, in milliseconds. */
const WATCH_MS = 1000;

/**
 * Runs the agent until a signal or an uncaught exception ends it.
 * @returns the exit code: 0 after a signal, 3 when a drain left instances behind then, 1 after an exception.
 * @throws MicroscalingError when it cannot start; nothing has been touched then.
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

/** Keeps what is learned where the config says, as it then is. A dry run changes nothing, that file included. */
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
      logger.warn(`${signal} again: ending at once`);
      exit(1);
    },
    reload: () => void reloader.reload("SIGHUP"),
    rejected: (reason) => fault("a promise was rejected and nobody looked after it", reason),
    crashed(error) {
      fault("an exception that nobody caught; stopping", error);
      end(1);
    },
  };
}

/**
 * Ends everything in bounded time: what hangs is named and left behind.
 * @returns the names of the tasks that were drained and may still have instances
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
  // Before tasks are drained: those have nothing more to learn.
  await close("the file of what was learned", keeper.close());
  let left: readonly string[] = [];
  await close(
    "the engine",
    engine.stop({ graceMs }).then((stopped) => (left = stopped.left)),
  );
  // Instances that cannot outlive the agent are stopped here, which may take all of their grace.
  await close("a plugin", Promise.all([reloader.config().close(), reloader.released()]));
  await close("the endpoints", http?.close());
  await close("the record", record?.close());
  view?.close();
  logger.info("stopped");
  return left;
}
