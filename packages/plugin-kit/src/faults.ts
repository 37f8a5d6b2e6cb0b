import {
  isMicroscalingError,
  MicroscalingError,
  shortageOf,
  type ErrorCode,
} from "@microscaling/core";

/** What kind of plugin an error is for. */
export type PluginKind = "metric" | "scheduler";

/** What went wrong with a backend, before it has a code and a place. */
export interface Fault {
  /**
   * `unreachable`: no answer. `refused`: credentials, rights or TLS. `unusable`: an answer that makes no sense. `throttled`: asked too
   * often. `missing`: the backend has no such queue or object.
   */
  readonly kind: "unreachable" | "refused" | "unusable" | "throttled" | "missing";
  /** What happened and what to do, without saying where. */
  readonly text: string;
}

/** The code of each fault: the one table for all plugins. */
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
 * A fault as an error, with the place before its text: `127.0.0.1:4151: answered 500`.
 * @param cause absent for a client library whose errors hold the request, since that has secrets in it.
 */
export function faultError(
  of: PluginKind,
  where: string,
  { kind, text }: Fault,
  cause?: unknown,
): MicroscalingError {
  return new MicroscalingError(CODES[of][kind], `${where}: ${text}`, { cause });
}

/** What is thrown by what is asked of a plugin that was closed. */
export function closedError(of: PluginKind): MicroscalingError {
  return new MicroscalingError(CODES[of].unreachable, `the ${of} is closed`);
}

/** Whatever was thrown as one of our errors: ours with the place before its words, the network's explained, others by their words. */
export function errorAt(of: PluginKind, where: string, thrown: unknown): MicroscalingError {
  if (isMicroscalingError(thrown)) {
    const { code, message, details, cause } = thrown;
    return new MicroscalingError(code, `${where}: ${message}`, { details, cause });
  }
  const fault = networkFault(thrown) ?? { kind: "unusable", text: wordsOf(thrown) };
  return faultError(of, where, fault, thrown);
}

/** What a status other than 2xx means. */
export function statusFault(status: number): Fault {
  const text = `answered ${status}`;
  if (status === 401 || status === 403 || status === 407) {
    return { kind: "refused", text: `${text}. Check the credentials and what they allow` };
  }
  if (status === 429) return { kind: "throttled", text: `${text}: too many requests` };
  if (status === 502 || status === 503 || status === 504) return { kind: "unreachable", text };
  return { kind: "unusable", text: `expected 200, found ${status}` };
}

/** Which settings of the user's the advice names. */
export interface Settings {
  /** Those that say where the server is: `` `nsqd` ``. */
  readonly address?: string;
  /** Those that say whom to trust: `` `tls` ``. */
  readonly tls?: string;
}

const TLS =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO$|HOSTNAME_|CRL_|INVALID_(CA|PURPOSE))/;
/** Node's codes for system calls that fail, of which `ERR_…` are none: `ECONNREFUSED`, `EAI_AGAIN`, `ENOTFOUND`. */
const SYSTEM = /^E(?!RR_)[A-Z0-9_]+$/;
const FILE = /^(ENOENT|EACCES|EISDIR|EPERM)$/;

/**
 * What an error of the network, of TLS or of the HTTP parser means, of Node's own modules or of a library on top of them.
 * @returns `undefined` when it is none of these.
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

/** The first error of a chain of causes that has a code, since libraries hide it behind words such as "fetch failed". */
function deepest(error: unknown, depth = 0): { readonly code: string; readonly words: string } {
  const own = error instanceof Error && "code" in error ? String(error.code) : "";
  const isCode = TLS.test(own) || SYSTEM.test(own) || own.startsWith("HPE_");
  if (!isCode && error instanceof Error && error.cause !== undefined && depth < 5) {
    const found = deepest(error.cause, depth + 1);
    if (found.code !== "") return found;
  }
  // Several addresses of one host fail with a message that is empty.
  return { code: isCode ? own : "", words: wordsOf(error) || own };
}

/** The first line of what an error says. Of no more than 200 characters. */
export function wordsOf(error: unknown): string {
  return (linesOf(error)[0] ?? "").slice(0, 200);
}

/** What an error says, line by line. */
export function linesOf(error: unknown): string[] {
  return (error instanceof Error ? error.message : String(error)).split("\n");
}
