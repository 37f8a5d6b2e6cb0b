import type { Readable } from "node:stream";

// A program that never ends its line must not fill the agent's memory.
const LONGEST_LINE = 8192;

/** Calls `each` for every line of the stream, without its end; what is longer than 8192 characters comes in pieces. */
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
  // A pipe that breaks ends with its process; there is nothing to do about it.
  stream.on("error", () => {});
}
