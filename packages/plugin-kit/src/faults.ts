import {
  isMicroscalingError,
  MicroscalingError,
  shortageOf,
  type ErrorCode,
} from "@microscaling/core";

/** The kind of plugin that an error is for. */
export type PluginKind = "metric" | "scheduler";

/** A problem with a backend, before it has a code and an address. */
export interface Fault {
  /**
   * `unreachable`: no answer. `refused`: credentials, permissions or TLS. `unusable`: an answer that cannot be used. `throttled`: too many requests.
   * `missing`: the backend does not have the queue or object.
   */
  readonly kind: "unreachable" | "refused" | "unusable" | "throttled" | "missing";
  /** What happened and what to do, without the address. */
  readonly text: string;
}

/** The code of each fault. This is the table for all plugins. */
const CODES: Readonly<Record<PluginKind, Readonly<Record<Fault["kind"], ErrorCode>>>> = {
  metric: {
    unreachable: "ERR_METRIC_UNREACHABLE",
    refused: "ERR_METRIC_REFUSED",
    unusable: "ERR_METRIC_RESPONSE",
    throttled: "ERR_METRIC_THROTTLED",
    missing: "ERR_QUEUE_MISSING",
  },
  scheduler: {
    unreachable: "ERR_SCHEDULER_UNREACHABLE",
    refused: "ERR_SCHEDULER_REFUSED",
    unusable: "ERR_SCHEDULER_REFUSED",
    throttled: "ERR_SCHEDULER_UNREACHABLE",
    missing: "ERR_OBJECT_MISSING",
  },
};

/**
 * Turns a fault into an error with the address before its text, such as `127.0.0.1:4151: answered 500`.
 * @param cause absent for a client library whose errors contain the request, because the request has secrets in it.
 */
export function faultError(
  of: PluginKind,
  where: string,
  { kind, text }: Fault,
  cause?: unknown,
): MicroscalingError {
  return new MicroscalingError(CODES[of][kind], `${where}: ${text}`, { cause });
}

/** The error for a call of a plugin that was closed. */
export function closedError(of: PluginKind): MicroscalingError {
  return new MicroscalingError(CODES[of].unreachable, `the ${of} is closed`);
}

/** Turns anything that was thrown into a MicroscalingError: puts the address in front, explains network errors, and keeps other messages. */
export function errorAt(of: PluginKind, where: string, thrown: unknown): MicroscalingError {
  if (isMicroscalingError(thrown)) {
    const { code, message, details, cause } = thrown;
    return new MicroscalingError(code, `${where}: ${message}`, { details, cause });
  }
  const fault = networkFault(thrown) ?? { kind: "unusable", text: wordsOf(thrown) };
  return faultError(of, where, fault, thrown);
}

/** The meaning of a status other than 2xx. */
export function statusFault(status: number): Fault {
  const text = `answered ${status}`;
  if (status === 401 || status === 403 || status === 407) {
    return { kind: "refused", text: `${text}. Check the credentials and their permissions` };
  }
  if (status === 429) return { kind: "throttled", text: `${text}: too many requests` };
  if (status === 502 || status === 503 || status === 504) return { kind: "unreachable", text };
  return { kind: "unusable", text: `expected 200, found ${status}` };
}

/** The settings that the advice names. */
export interface Settings {
  /** The settings for the server's address, such as `` `nsqd` ``. */
  readonly address?: string;
  /** The settings for trust, such as `` `tls` ``. */
  readonly tls?: string;
}

const TLS =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO$|HOSTNAME_|CRL_|INVALID_(CA|PURPOSE))/;
/** Node's codes for failed system calls, such as `ECONNREFUSED`, `EAI_AGAIN` and `ENOTFOUND`, but not `ERR_…`. */
const SYSTEM = /^E(?!RR_)[A-Z0-9_]+$/;
const FILE = /^(ENOENT|EACCES|EISDIR|EPERM)$/;

/**
 * Explains an error of the network, of TLS or of the HTTP parser, from Node's own modules or from a library that uses them.
 * @returns `undefined` if it is none of these.
 */
export function networkFault(
  error: unknown,
  { address, tls = address }: Settings = {},
): Fault | undefined {
  const { code, words } = deepest(error);
  if (isTlsError(error)) return { kind: "refused", text: `TLS failed (${words})${advice(tls)}` };
  const shortage = shortageOf(error);
  if (shortage !== undefined) return { kind: "unreachable", text: `${shortage} (${words})` };
  if (code.startsWith("HPE_")) {
    return { kind: "unusable", text: `expected HTTP, found something else${advice(address)}` };
  }
  if (code === "ENOTFOUND") {
    return { kind: "unreachable", text: `no such host (${words})${advice(address)}` };
  }
  if (FILE.test(code)) return { kind: "refused", text: words };
  const said = words.includes(code) ? words : `${words}, ${code}`;
  if (SYSTEM.test(code)) return { kind: "unreachable", text: `cannot be reached (${said})` };
  return undefined;
}

/** Whether TLS failed, or one of the causes of `error` is that: a certificate, a name, a protocol. */
export function isTlsError(error: unknown): boolean {
  return TLS.test(deepest(error).code);
}

function advice(settings: string | undefined): string {
  return settings === undefined ? "" : `. Check ${settings}`;
}

/** The first error with a code in a chain of causes, because libraries hide it behind messages such as "fetch failed". */
function deepest(error: unknown, depth = 0): { readonly code: string; readonly words: string } {
  const own = error instanceof Error && "code" in error ? String(error.code) : "";
  const isCode = TLS.test(own) || SYSTEM.test(own) || own.startsWith("HPE_");
  if (!isCode && error instanceof Error && error.cause !== undefined && depth < 5) {
    const found = deepest(error.cause, depth + 1);
    if (found.code !== "") return found;
  }
  // If several addresses of one host fail, the message is empty.
  return { code: isCode ? own : "", words: wordsOf(error) || own };
}

/** The first line of an error's message, with at most 200 characters. */
export function wordsOf(error: unknown): string {
  return (linesOf(error)[0] ?? "").slice(0, 200);
}

/** The lines of an error's message. */
export function linesOf(error: unknown): string[] {
  return (error instanceof Error ? error.message : String(error)).split("\n");
}
