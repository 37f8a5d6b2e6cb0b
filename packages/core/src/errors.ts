/**
 * Every error code, with its meaning and what to do. A test checks that `docs/errors.md` agrees with this table. A retired code is never used
 * again.
 */
export const ERROR_CODES = {
  ERR_CONFIG_UNREADABLE: {
    means: "The config file cannot be read, or is larger than 10 MB.",
    todo: "Check the path and its permissions; `--config` names another file.",
  },
  ERR_CONFIG_INVALID: {
    means:
      "The config has mistakes. The message lists all of them, each with its line and path. Nothing was changed.",
    todo: "Fix each line listed above. `microscaling validate` checks the config again.",
  },
  ERR_CONFIG_SETTING: {
    means:
      "An `MSS_*` variable is unknown, does not apply here, or has a value that is not allowed.",
    todo: "Correct or unset the variable that the message names.",
  },
  ERR_CONFIG_LATER: {
    means: "An `MSS_*` variable asks for something that this version does not support yet.",
    todo: "Use what the message suggests instead.",
  },
  ERR_USAGE: {
    means:
      "The command line has a mistake: an unknown command or option, or a value that is not allowed.",
    todo: "Run `microscaling help` or `microscaling help <command>` to see the commands and options, with examples.",
  },
  ERR_FILE_EXISTS: {
    means: "The file to write already exists. It was not changed.",
    todo: "Name another file. `init --force` replaces an existing file. Other commands replace only files that they wrote.",
  },
  ERR_FILE_WRITE: {
    means: "The file cannot be written.",
    todo: "Check that the folder exists and is writable.",
  },
  ERR_RECORD_INVALID: {
    means:
      "The file was not written by `run --record`, or is damaged at the line that the message names.",
    todo: "Name another file. An incomplete last line, as a crash leaves it, is not a mistake: the lines before it are used.",
  },
  ERR_HTTP_LISTEN: {
    means: "The agent cannot listen on the address of `http:`.",
    todo: "Stop the program that uses the address, or set another `port` under `http:` (0 means any free port), or set `http: false`.",
  },
  ERR_PLUGIN_NOT_FOUND: {
    means: "The plugin's package is not installed where the config file or the agent can find it.",
    todo: "Correct the name, or install the package in the folder of the config file. Where the message has a command, run that.",
  },
  ERR_PLUGIN_LOAD: {
    means: "The plugin is installed but failed to load. The message has the cause.",
    todo: "Install the missing package, or report the fault to the plugin's authors.",
  },
  ERR_PLUGIN_SHAPE: {
    means: "The module was loaded, but its default export is not a Microscaling plugin.",
    todo: "Check the name. The default export of a plugin comes from `defineScheduler` or `defineMetric`.",
  },
  ERR_PLUGIN_KIND: {
    means: "The plugin has another kind, or was made for another version of the contract.",
    todo: "Use the plugin in the place that the message names, or install a version that fits.",
  },
  ERR_PLUGIN_RESULT: {
    means:
      "A plugin returned something that its contract does not allow: NaN, a wrong type, or a task that nobody asked for.",
    todo: "The result was not used. Report the fault to the plugin's authors.",
  },
  ERR_PLUGIN_FAULT: {
    means: "A plugin threw something that is not one of the errors on this page.",
    todo: "The cause says what happened. If the plugin is not yours, report it to the plugin's authors.",
  },
  ERR_DEADLINE: {
    means: "A call to a plugin did not end in time. It was abandoned and will be tried again.",
    todo: "Check that the backend answers. If it is only slow, raise `timeout`.",
  },
  ERR_READING_STALE: {
    means: "The newest reading is older than the task's `maxAge`.",
    todo: "Check the source of the metric. Meanwhile the task keeps its instances.",
  },
  ERR_METRIC_UNREACHABLE: {
    means: "The metric's server cannot be reached.",
    todo: "Check the address, and check that the server runs.",
  },
  ERR_METRIC_REFUSED: {
    means:
      "The metric's server refused the request because of the credentials, the permissions or TLS.",
    todo: "Check the credentials that the message names.",
  },
  ERR_METRIC_RESPONSE: {
    means: "The metric's server sent an answer that cannot be used.",
    todo: "Check that the address belongs to the right server, and check the server's version.",
  },
  ERR_METRIC_THROTTLED: {
    means: "The metric's server asks for fewer requests, and there is no earlier reading to use.",
    todo: "Wait: the agent asks less and less often. If the error continues, raise the `interval` of the source.",
  },
  ERR_QUEUE_MISSING: {
    means: "The queue that a task reads does not exist.",
    todo: "Create the queue, or correct its name in the task's `metric`. The agent keeps looking for it.",
  },
  ERR_SCHEDULER_UNREACHABLE: {
    means: "The scheduler's backend cannot be reached.",
    todo: "Check the address, and check that the backend runs.",
  },
  ERR_SCHEDULER_REFUSED: {
    means: "The scheduler's backend refused the request.",
    todo: "The message has the backend's own words and says what to change.",
  },
  ERR_OBJECT_MISSING: {
    means:
      "The object that the task scales does not exist, for example the app or the Deployment. The task has no instances.",
    todo: "Create the object, or correct its name in the task's `workload`. The agent keeps looking for it.",
  },
  ERR_IMAGE_MISSING: {
    means: "The image is not on the host, and could not be pulled or may not be pulled.",
    todo: "Check the name of the image and the credentials of the registry, or set `pull`.",
  },
  ERR_NAME_TAKEN: {
    means: "Another container has the name that an instance needs.",
    todo: "Remove the other container, or do not set a name.",
  },
  ERR_PORT_TAKEN: {
    means: "A host port that the instance publishes is already in use.",
    todo: "Publish another port, or a range as wide as the task's `max`.",
  },
  ERR_DISK_FULL: {
    means: "The host has no disk space left for the instance.",
    todo: "Free space on the host.",
  },
  ERR_START_FAILED: {
    means: "An instance could not be started.",
    todo: "The message has the backend's own words. Check the task's `workload`.",
  },
  ERR_STOP_FAILED: {
    means: "An instance could not be stopped. It still counts against the capacity.",
    todo: "The message has the backend's own words. The engine tries again.",
  },
} as const;

/** One of the codes in {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error has besides its message. */
export interface ErrorContext {
  /** More lines for people: one mistake or hint each. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** The only error class of this project and its plugins. Recognise it by `code`, not by `instanceof`. */
export class MicroscalingError extends Error {
  readonly code: ErrorCode;
  /** More lines for people: one mistake or hint each. */
  readonly details: readonly string[];

  /** @param message one line that says what was expected, what was found, and where. */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = "MicroscalingError";
    this.code = code;
    this.details = context.details ?? [];
  }
}

/** Whether `error` is a {@link MicroscalingError}, of this copy of the package or another. Never throws. */
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
 * Returns `error` itself if it is a {@link MicroscalingError}. Otherwise returns a new error with this `code` that names `where` and has `error` as
 * its cause. Never throws.
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
