import { ERROR_CODES, isMicroscalingError } from "@microscaling/core";

/** Formats an error for people: its code and message, its indented details, and what to do. Includes the stack only with `debug`. */
export function formatError(error: unknown, debug: boolean): string {
  const lines = isMicroscalingError(error)
    ? [
        `error ${error.code} ${error.message}`,
        ...error.details.map((detail) => `  ${detail.replaceAll("\n", "\n  ")}`),
        ERROR_CODES[error.code].todo,
      ]
    : [
        `error ${error instanceof Error ? error.message : String(error)}`,
        "This is a bug in microscaling or in a plugin. Run the command again with --debug to see where it comes from, and report it.",
      ];
  if (debug) lines.push("", ...stacksOf(error));
  return `${lines.join("\n")}\n`;
}

/** The stack of `error` and of all its causes. */
function stacksOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.stack ?? "", ...stacksOf(error.cause).map((line) => `caused by ${line}`)];
}
