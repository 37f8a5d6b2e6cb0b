import { isMicroscalingError } from "@microscaling/core";

/** What the program's exit codes mean. */
export const EXIT = {
  ok: 0,
  /** It was started rightly and something went wrong: a port in use, a metric that cannot be read, a second Ctrl-C. */
  failed: 1,
  /** Bad config, an unknown plugin, or bad usage: nothing was touched. */
  badConfig: 2,
  /** `shutdown: drain` could not bring every instance to an end in time. */
  left: 3,
} as const;

/** For the help. */
export const EXIT_HELP = `Exit codes:
  0  all is well
  1  failed: a port in use, something that could not be read or done, a second Ctrl-C
  2  bad config, plugin or usage; every mistake is named and nothing was touched
  3  run: \`shutdown: drain\` left instances behind, which are named in the log`;

const BAD_CONFIG = /^ERR_(?:USAGE|CONFIG_\w+|PLUGIN_(?:NOT_FOUND|LOAD|SHAPE|KIND))$/;

/** The exit code for an error that ended the program. */
export function exitCodeOf(error: unknown): number {
  if (isMicroscalingError(error) && BAD_CONFIG.test(error.code)) return EXIT.badConfig;
  return EXIT.failed;
}
