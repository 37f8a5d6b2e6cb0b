/**
 * Every code the project's errors carry, with what it means and what to do. `docs/errors.md` is held to this table by a test. A code
 * that is retired is never used again.
 */
export const ERROR_CODES = {
  ERR_CONFIG_UNREADABLE: {
    means: "The config file cannot be read, or is larger than 1 MB.",
    todo: "Check the path and its permissions; `--config` names another file.",
  },
  ERR_CONFIG_INVALID: {
    means:
      "The config has mistakes. All of them are listed, each with its line and path; nothing was touched.",
    todo: "Fix each line listed above. `microscaling validate` checks again.",
  },
  ERR_CONFIG_SETTING: {
    means:
      "An `MSS_*` variable is unknown, has no meaning here, or has a value that is not allowed.",
    todo: "Correct or unset the variable that is named.",
  },
  ERR_CONFIG_LATER: {
    means: "An `MSS_*` variable asks for something that this version does not have yet.",
    todo: "Use what the message offers instead.",
  },
  ERR_USAGE: {
    means:
      "The command line has a mistake: an unknown command or option, or a value that is not allowed.",
    todo: "`microscaling help` and `microscaling help <command>` show what there is, with examples.",
  },
  ERR_FILE_EXISTS: {
    means: "The file that should be written already exists, and was left as it is.",
    todo: "Name another file. `init --force` replaces one; other commands replace only files that they wrote.",
  },
  ERR_FILE_WRITE: {
    means: "The file cannot be written.",
    todo: "Check that the folder exists and may be written to.",
  },
  ERR_RECORD_INVALID: {
    means: "The file is not what `run --record` writes, or is damaged at the line that is named.",
    todo: "Name another file. A last line that a crash cut is no mistake: what is before it is used.",
  },
  ERR_HTTP_LISTEN: {
    means: "The agent cannot listen on the address of `http:`.",
    todo: "Stop the program that uses it, or set another `port` under `http:` (0 is any free one), or `http: false`.",
  },
  ERR_PLUGIN_NOT_FOUND: {
    means:
      "No package of the plugin's names is installed where the config file or the agent could find it.",
    todo: "Correct the name, or install the package in the folder of the config file. Where the message has a command, run that.",
  },
  ERR_PLUGIN_LOAD: {
    means: "The plugin is installed but failed while it was loaded; the cause follows.",
    todo: "Install what it misses, or report the fault to the plugin's authors.",
  },
  ERR_PLUGIN_SHAPE: {
    means: "The module was loaded but its default export is not a Microscaling plugin.",
    todo: "Check the name; a plugin's default export comes from `defineScheduler` or `defineMetric`.",
  },
  ERR_PLUGIN_KIND: {
    means: "The plugin is of another kind, or was made for another version of the contract.",
    todo: "Use it in the place the message names, or install a version that fits.",
  },
  ERR_PLUGIN_RESULT: {
    means:
      "A plugin returned something that its contract does not allow: NaN, a wrong type, a task nobody asked for.",
    todo: "It was not used. Report the fault to the plugin's authors.",
  },
  ERR_PLUGIN_FAULT: {
    means: "A plugin threw something that is not one of the errors in this table.",
    todo: "The cause says what happened; report it to the plugin's authors if the plugin is not yours.",
  },
  ERR_DEADLINE: {
    means: "A call to a plugin did not end in time. It is abandoned and tried again.",
    todo: "Check that the backend answers; raise `timeout` if it is merely slow.",
  },
  ERR_READING_STALE: {
    means: "The newest reading is older than the task's `maxAge`.",
    todo: "Check the metric's source; the task is held meanwhile.",
  },
  ERR_METRIC_UNREACHABLE: {
    means: "The metric's server cannot be reached.",
    todo: "Check the address and that the server runs.",
  },
  ERR_METRIC_REFUSED: {
    means: "The metric's server refused the request: credentials, rights or TLS.",
    todo: "Check the credentials that the message names.",
  },
  ERR_METRIC_RESPONSE: {
    means: "The metric's server answered something that is not a usable answer.",
    todo: "Check that the address is that of the right server, and its version.",
  },
  ERR_METRIC_THROTTLED: {
    means: "The metric's server wants to be asked less often, and there is no reading yet to keep.",
    todo: "Nothing at first: it is asked again ever more slowly. If it goes on, raise the source's `interval`.",
  },
  ERR_QUEUE_MISSING: {
    means: "The queue that a task looks at is not there.",
    todo: "Create it, or correct its name in the task's `metric`. It is looked for again all the time.",
  },
  ERR_SCHEDULER_UNREACHABLE: {
    means: "The scheduler's backend cannot be reached.",
    todo: "Check the address and that it runs.",
  },
  ERR_SCHEDULER_REFUSED: {
    means: "The scheduler's backend refused the request.",
    todo: "The message carries its words and what to change.",
  },
  ERR_OBJECT_MISSING: {
    means:
      "What the task scales is not there, so that it has no instances: no such app, no such Deployment.",
    todo: "Create it, or correct its name in the task's `workload`. It is looked for again all the time.",
  },
  ERR_IMAGE_MISSING: {
    means: "The image is not on the host and could not be pulled, or may not be.",
    todo: "Check the image's name and the registry's credentials, or set `pull`.",
  },
  ERR_NAME_TAKEN: {
    means: "Another container has the name that an instance needs.",
    todo: "Remove the other container, or do not set a name.",
  },
  ERR_PORT_TAKEN: {
    means: "A host port that the instance publishes is taken.",
    todo: "Publish another port, or a range as wide as the task's `max`.",
  },
  ERR_DISK_FULL: {
    means: "The host has no disk space left for the instance.",
    todo: "Free space on the host.",
  },
  ERR_START_FAILED: {
    means: "An instance could not be started.",
    todo: "The message carries the backend's words; check the task's `workload`.",
  },
  ERR_STOP_FAILED: {
    means: "An instance could not be stopped; it still counts against the capacity.",
    todo: "The message carries the backend's words; the engine tries again.",
  },
} as const;

/** One of the codes in {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error carries besides its message. */
export interface ErrorContext {
  /** More lines for people: one mistake or hint each. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** The one class of errors that this project and its plugins throw. Recognise it by `code`, not by `instanceof`. */
export class MicroscalingError extends Error {
  readonly code: ErrorCode;
  /** More lines for people: one mistake or hint each. */
  readonly details: readonly string[];

  /** @param message one line: what was expected, what was found and where. */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = "MicroscalingError";
    this.code = code;
    this.details = context.details ?? [];
  }
}

/** Whether `error` is a {@link MicroscalingError}, of this copy of the package or another. Never throws, whatever it is given. */
export function isMicroscalingError(error: unknown): error is MicroscalingError {
  try {
    return (
      error instanceof Error &&
      typeof error.message === "string" &&
      "code" in error &&
      typeof error.code === "string" &&
      Object.hasOwn(ERROR_CODES, error.code)
    );
  } catch {
    return false;
  }
}

/**
 * `error` itself if it is one of ours, else a `code` error that names `where` and keeps `error` as its cause. Never throws, whatever was
 * thrown.
 */
export function asMicroscalingError(
  error: unknown,
  code: ErrorCode,
  where: string,
): MicroscalingError {
  if (isMicroscalingError(error)) return error;
  return new MicroscalingError(code, `${where}: ${wordsOf(error)}`, { cause: error });
}

function wordsOf(error: unknown): string {
  try {
    const { message } = error instanceof Error ? error : { message: String(error) };
    return typeof message === "string" ? message : "an error without a message";
  } catch {
    return "an error that cannot be shown";
  }
}
