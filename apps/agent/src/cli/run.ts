import { systemClock } from "@microscaling/core";
import { createLog, type Log, type LogFormat } from "../log/logger.ts";
import type { LiveView } from "../live/view.ts";
import { runAgent } from "../run/agent.ts";
import { isWhole, logOnce, runOnce } from "../run/once.ts";
import { partsRequest, readVersion, type CommandContext, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { openLog } from "./open-log.ts";

/** The options of `run`. */
export interface RunOptions extends ConfigOption {
  readonly dryRun?: boolean;
  readonly once?: boolean;
  readonly live?: boolean;
  readonly logFormat?: LogFormat;
  /** The file for the record. */
  readonly record?: string;
}

/** Runs the agent until it is told to stop, or once. */
export async function runCommand(options: RunOptions, context: CommandContext): Promise<number> {
  stopWhenTerminalIsGone();
  const dryRun = options.dryRun === true;
  if (options.once === true) return runOnceCommand(options, context);
  const { log, view } = await openOutput(options, context);
  try {
    return await runAgent({
      ...partsRequest(options.config, dryRun, log),
      ...(view === undefined ? {} : { view }),
      ...(options.record === undefined ? {} : { record: options.record }),
      version: readVersion(),
      process,
      exit: (code) => process.exit(code),
    });
  } finally {
    view?.close();
  }
}

async function runOnceCommand(options: RunOptions, context: CommandContext): Promise<number> {
  const dryRun = options.dryRun === true;
  const log = await openLog(context, process.stdout, options.logFormat);
  const request = partsRequest(options.config, dryRun, log);
  const result = await runOnce(request, !dryRun);
  await logOnce(result, request);
  return isWhole(result) ? EXIT.ok : EXIT.failed;
}

/** The live view needs a terminal. Any other output gets lines. */
async function openOutput(
  options: RunOptions,
  context: CommandContext,
): Promise<{ log: Log; view?: LiveView }> {
  if (options.live !== true || !process.stdout.isTTY)
    return { log: await openLog(context, process.stdout, options.logFormat) };
  const { createLiveView } = await import("../live/view.ts");
  const view = createLiveView(process.stdout, systemClock);
  const log = await createLog({
    format: options.logFormat ?? "pretty",
    colour: !process.env["NO_COLOR"],
    redactor: context.redactor,
    clock: systemClock,
    write: (line) => view.print(line),
  });
  return { log, view };
}

/** If the terminal is closed, the agent stops in good order, as after Ctrl-C. If a file or pipe cannot be written, it continues. */
function stopWhenTerminalIsGone(): void {
  if (!process.stdout.isTTY) return;
  let told = false;
  process.stdout.on("error", () => {
    if (!told) process.kill(process.pid, "SIGTERM");
    told = true;
  });
}
