import { systemClock } from "@microscaling/core";
import { createLog, type Log, type LogFormat } from "../log/logger.ts";
import type { CommandContext } from "./context.ts";

/** A log on one of the standard streams. */
export function openLog(
  { redactor }: CommandContext,
  stream: NodeJS.WriteStream,
  format: LogFormat = stream.isTTY ? "pretty" : "json",
): Promise<Log> {
  return createLog({
    format,
    redactor,
    colour: stream.isTTY && !process.env["NO_COLOR"],
    clock: systemClock,
    write: (line) => stream.write(line),
  });
}
