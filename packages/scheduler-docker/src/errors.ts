import {
  isMicroscalingError,
  MicroscalingError,
  shortageOf,
  type ErrorCode,
} from "@microscaling/core";
import { isTlsError } from "@microscaling/plugin-kit";

/** What the plugin was doing when Docker failed. */
export interface Purpose {
  /** The error code if Docker's words say nothing more specific. */
  readonly code: ErrorCode;
  /** The address of Docker, as the user wrote it. */
  readonly at: string;
  /** The action, as in "cannot …", such as `list containers`. */
  readonly doing: string;
  readonly task?: string;
  readonly image?: string;
}

/** Turns `error` into a MicroscalingError with a code, the task, Docker's words and what to do. */
export function toDockerError(error: unknown, purpose: Purpose): MicroscalingError {
  if (isMicroscalingError(error)) return error;
  const words = wordsOf(error);
  const { code, said } = explain(error, words, purpose);
  const task = purpose.task === undefined ? "" : `task "${purpose.task}": `;
  return new MicroscalingError(code, `${task}${said}`, { cause: error });
}

/** Docker's HTTP status, if it answered at all. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** A failure that Docker does not report with the status of its answer. */
export function answered(words: string): Error {
  return Object.assign(new Error(words), { statusCode: 500 });
}

/** The error for a file that `option` names and that is needed to reach Docker. */
export function unreadableFile(option: string, error: unknown): MicroscalingError {
  const message = `${option} cannot be read: ${wordsOf(error)}`;
  return new MicroscalingError("ERR_SCHEDULER_REFUSED", message, { cause: error });
}

interface Explained {
  readonly code: ErrorCode;
  readonly said: string;
}

function explain(error: unknown, words: string, purpose: Purpose): Explained {
  const status = statusOf(error);
  if (status === undefined) return explainSilence(error, words, purpose);
  if (/no space left on device/i.test(words)) {
    return {
      code: "ERR_DISK_FULL",
      said: `the Docker host's disk is full (${words}); free some space: docker system prune`,
    };
  }
  if (status === 404 && /no such image/i.test(words)) return imageMissing(words, purpose);
  if (status === 409 && /name .* already in use/i.test(words)) {
    return {
      code: "ERR_NAME_TAKEN",
      said: `${words} Remove that container, or change workload.name`,
    };
  }
  if (/port is already allocated|address already in use|all ports are allocated/i.test(words)) {
    return {
      code: "ERR_PORT_TAKEN",
      said: `a port of workload.ports is already in use (${words}); publish another port, or a range as wide as the task's max`,
    };
  }
  if (status === 401 || status === 403) {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `Docker at ${purpose.at} refused to ${purpose.doing}: ${words}`,
    };
  }
  if (purpose.code === "ERR_IMAGE_MISSING") return imageMissing(words, purpose);
  const image = purpose.image === undefined ? "" : ` (image "${purpose.image}")`;
  return {
    code: purpose.code,
    said: `Docker at ${purpose.at} could not ${purpose.doing}${image}: ${words}`,
  };
}

/** The error if Docker did not answer with HTTP. */
function explainSilence(error: unknown, words: string, { at }: Purpose): Explained {
  if (error instanceof SyntaxError) {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `the server at ${at} is not a Docker Engine (${words}); correct scheduler.host`,
    };
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const shortage = shortageOf(error);
  if (shortage !== undefined) {
    const said = `Docker at ${at} cannot be asked (${words}): ${shortage}`;
    return { code: "ERR_SCHEDULER_UNREACHABLE", said };
  }
  if (isTlsError(error)) {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `TLS with Docker at ${at} failed (${words}); check scheduler.tls and check that scheduler.host is the name in its certificate`,
    };
  }
  if (code === "EACCES" || code === "EPERM") {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `this user may not use Docker at ${at} (${words}); run as root or as a member of the group "docker"`,
    };
  }
  // Node has several words for it, and each would be another trouble.
  const found = code === "ECONNRESET" ? "it closed the connection" : words;
  return {
    code: "ERR_SCHEDULER_UNREACHABLE",
    said: `Docker does not answer at ${at} (${found}); check that it runs there, or correct scheduler.host`,
  };
}

function imageMissing(words: string, { image = "" }: Purpose): Explained {
  return {
    code: "ERR_IMAGE_MISSING",
    said: `the image "${image}" is not on the Docker host (${words}); check its name, workload.pull and workload.auth`,
  };
}

/** Docker's own words. dockerode puts `(HTTP code 404) no such container - ` in front of them. */
export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message || String(error) : String(error);
  return words.replace(/^\(HTTP code \d+\) .*? - /, "").trim();
}
