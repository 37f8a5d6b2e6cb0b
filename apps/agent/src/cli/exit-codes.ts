import { isMicroscalingError } from "@microscaling/core";

/** The exit codes of the program. */
export const EXIT = {
  ok: 0,
  /** An error after a correct start, for example a port in use, a metric that cannot be read, or a second Ctrl-C. */
  failed: 1,
  /** A mistake in the config or the command line, or an unknown plugin. Nothing was changed. */
  badConfig: 2,
  /** `shutdown: drain` could not stop every instance in time. */
  left: 3,
} as const;

/** The exit codes for the help. */
export const EXIT_HELP = `Exit codes:
  0  success
  1  failure: for example a port in use, a failed read or action, or a second Ctrl-C
  2  a mistake in the config, a plugin or the command line; all mistakes are listed, and nothing was changed
  3  run: \`shutdown: drain\` left some instances running; the log names their tasks`;

const BAD_CONFIG = /^ERR_(?:USAGE|CONFIG_\w+|PLUGIN_(?:NOT_FOUND|LOAD|SHAPE|KIND))$/;

/** The exit code for an error that ended the program. */
export function exitCodeOf(error: unknown): number {
  if (isMicroscalingError(error) && BAD_CONFIG.test(error.code)) return EXIT.badConfig;
  return EXIT.failed;
}
