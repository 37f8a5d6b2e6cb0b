import { systemClock } from "@microscaling/core";
import { createLineSink } from "../log/line-sink.ts";
import { createLog, type Log, type LogFormat } from "../log/logger.ts";
import type { CommandContext } from "./context.ts";

/** A log on one of the standard streams. */
export async function openLog(
  { redactor }: CommandContext,
  stream: NodeJS.WriteStream,
  format: LogFormat = stream.isTTY ? "pretty" : "json",
): Promise<Log> {
  const sink = createLineSink(stream, (lost) =>
    log.logger.warn(`the log lost ${lost === 1 ? "1 line" : `${lost} lines`}`, { lost }),
  );
  const log = await createLog({
    format,
    redactor,
    colour: stream.isTTY && !process.env["NO_COLOR"],
    clock: systemClock,
    write: (line) => sink.write(line),
    health: () => sink.health(),
  });
  return log;
}
