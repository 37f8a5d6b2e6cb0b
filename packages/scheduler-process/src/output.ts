import type { Readable } from "node:stream";

import type { LogFields, PluginContext } from "@microscaling/core";

// A program that never ends a line must not fill the agent's memory.
const LONGEST_LINE = 8192;

/** Calls `each` for every line of the stream, without its line break. Lines of more than 8192 characters come in pieces. */
export function eachLine(stream: Readable, each: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) each(line.replace(/\r$/, ""));
    while (rest.length > LONGEST_LINE) {
      each(rest.slice(0, LONGEST_LINE));
      rest = rest.slice(LONGEST_LINE);
    }
  });
  stream.once("end", () => {
    if (rest !== "") each(rest);
  });
  // A broken pipe ends with its process. There is nothing to do about it.
  stream.on("error", () => {});
}

/** Takes the lines of one instance. */
export interface LineLog {
  write(line: string): void;
  /** Call this when the instance is gone. Reports the last dropped lines. */
  end(): void;
}

/** How many characters one instance may log per second, and how many a line costs in addition, for its time, task and pid. */
const MOST_IN_A_SECOND = 1_000_000;
const LINE_COST = 100;
const SECOND_MS = 1000;

/**
 * Logs lines, each with `fields`. If an instance floods the log, the rest of each second is dropped, and a warning counts the dropped lines. Nothing
 * else limits what waits for a slow reader of the log.
 */
export function createLineLog({ clock, logger }: PluginContext, fields: LogFields): LineLog {
  let left = MOST_IN_A_SECOND;
  let until = 0;
  let dropped = 0;
  const over = new AbortController();

  function tell(): void {
    if (dropped === 0) return;
    logger.warn(`dropped ${dropped} lines of output: more than 1 MB per second`, fields);
    dropped = 0;
  }

  return {
    write(line) {
      const now = clock.monotonic();
      if (now >= until) [left, until] = [MOST_IN_A_SECOND, now + SECOND_MS];
      left -= line.length + LINE_COST;
      if (left >= 0) return logger.info(line, fields);
      dropped += 1;
      if (dropped === 1) clock.sleep(until - now, over.signal).then(tell, () => {});
    },
    end() {
      over.abort();
      tell();
    },
  };
}
