import {
  formatDuration,
  isMicroscalingError,
  MicroscalingError,
  type ErrorCode,
} from "@microscaling/core";
import type { RestError } from "@azure/storage-queue";
import type { SignIn } from "./sign-in.ts";

/** What was asked of whom, for messages. */
export interface Asked {
  readonly queue: string;
  /** Where the account's queues are, without secrets. */
  readonly address: string;
  readonly signIn: SignIn;
  /** When the failure came, in milliseconds since the epoch. */
  readonly now: number;
}

/** What went wrong, and what to do. */
interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
}

/** Azure takes signatures that are no more than 15 minutes off; those of a SAS have a start as well. */
const MOST_SKEW_MS = 5 * 60_000;

const ROLE = 'the role "Storage Queue Data Reader"';

/** Whether Azure, or something before it, wants fewer requests. */
export function isThrottled(error: unknown): boolean {
  if (!isRestError(error)) return false;
  const { statusCode = 0 } = error;
  return statusCode === 429 || statusCode === 503 || codeOf(error) === "OperationTimedOut";
}

/**
 * Says what a failure means. Never has the client's error as its cause: that holds the request, with its signature.
 * @returns a MicroscalingError that names the queue and the account.
 */
export function explain(error: unknown, asked: Asked): MicroscalingError {
  const where = `queue ${asked.queue} of ${asked.address}`;
  if (isMicroscalingError(error)) {
    const { code, message, details, cause } = error;
    return new MicroscalingError(code, `${where}: ${message}`, { details, cause });
  }
  const { code, text } = isRestError(error) ? restFault(error, asked) : networkFault(error);
  return new MicroscalingError(code, `${where}: ${text}`);
}

function restFault(error: RestError, asked: Asked): Fault {
  const { statusCode: status } = error;
  if (status === undefined) return networkFault(error);
  const said = [status, codeOf(error)].filter((part) => part !== undefined).join(" ");
  if (isThrottled(error)) {
    const text = `asked too often (${said}): it is asked again more slowly`;
    return { code: "ERR_METRIC_THROTTLED", text };
  }
  if (codeOf(error) === "QueueNotFound") {
    const text = `there is no such queue (${said}): create it, or correct \`queue\``;
    return { code: "ERR_QUEUE_MISSING", text };
  }
  if (status === 401 || status === 403) {
    return { code: "ERR_METRIC_REFUSED", text: `${said}: ${refusal(error, asked)}` };
  }
  if (status >= 300 && status < 400) {
    const target = URL.parse(error.response?.headers.get("location") ?? "", error.request?.url);
    const host = target === null ? "" : ` to ${target.host}`;
    const todo = "check `account`, `endpointSuffix` and `endpoint`";
    const text = `redirected${host} (${said}), where the credentials are not sent: ${todo}`;
    return { code: "ERR_METRIC_RESPONSE", text };
  }
  return { code: "ERR_METRIC_RESPONSE", text: `expected 200 with a count, found ${said}` };
}

function refusal(error: RestError, asked: Asked): string {
  const { by, setting } = asked.signIn;
  const code = codeOf(error) ?? "";
  if (code === "AuthenticationFailed") {
    return skewOf(error, asked) ?? REFUSED_SIGN_IN[by](setting);
  }
  if (NOT_PERMITTED_CODES.has(code)) return NOT_PERMITTED[by](setting);
  if (code === "AccountIsDisabled") return "the account is disabled";
  if (code === "KeyBasedAuthenticationNotPermitted") {
    return `the account takes no keys, and no SAS made with them: use \`identity\` instead of ${setting}`;
  }
  return `check ${setting}`;
}

const NOT_PERMITTED_CODES: ReadonlySet<string> = new Set([
  "AuthorizationPermissionMismatch",
  "AuthorizationFailure",
  "AuthorizationServiceMismatch",
  "AuthorizationResourceTypeMismatch",
  "InsufficientAccountPermissions",
]);

const REFUSED_SIGN_IN: Readonly<Record<SignIn["by"], (setting: string) => string>> = {
  key: (setting) =>
    `the key is not the account's: check ${setting}, and whether the key was changed`,
  sas: (setting) =>
    `the signature is not valid, or no longer: check ${setting}, its end (se) above all`,
  identity: () => "the token is not valid for the account: check the tenant of `identity`",
};

const NOT_PERMITTED: Readonly<Record<SignIn["by"], (setting: string) => string>> = {
  key: () => "not permitted: check the networks that the account's firewall lets in",
  sas: (setting) =>
    `not permitted: ${setting} must allow reading (sp=r) of queues (of an account's SAS also ss=q, srt=co), from this address`,
  identity: () =>
    `not permitted: give the identity ${ROLE} on the account or the queue (it may take minutes to hold), and check the account's firewall`,
};

/** @returns what to say when this machine's clock is so wrong that no signature and no token can be right. */
function skewOf(error: RestError, { now }: Asked): string | undefined {
  const theirs = Date.parse(error.response?.headers.get("date") ?? "");
  const skewMs = now - theirs;
  if (!(Math.abs(skewMs) > MOST_SKEW_MS)) return undefined;
  const by = `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"}`;
  return `this machine's clock is ${by} Azure's, so that nothing it signs is valid: set it`;
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_)/;

/** No answer, or not one that can be read. */
function networkFault(error: unknown): Fault {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Several addresses of one host fail with a message that is empty.
  const words = error instanceof Error && error.message !== "" ? error.message : code;
  if (TLS_CODE.test(code)) {
    return { code: "ERR_METRIC_REFUSED", text: `TLS failed (${words}): check \`endpoint\`` };
  }
  if (code.startsWith("HPE_")) {
    return { code: "ERR_METRIC_RESPONSE", text: "expected HTTP, found something else" };
  }
  if (code === "PARSE_ERROR") {
    return { code: "ERR_METRIC_RESPONSE", text: "the answer broke off, or cannot be read" };
  }
  const todo = code === "ENOTFOUND" ? ": check `account`, `endpointSuffix` and `endpoint`" : "";
  return { code: "ERR_METRIC_UNREACHABLE", text: `cannot be reached: ${words}${todo}` };
}

/** Not by the client's own guard, so that the client is only loaded once it is needed. */
function isRestError(error: unknown): error is RestError {
  return error instanceof Error && error.name === "RestError";
}

/** Azure's word for it: of the header, else of the body, else none. */
function codeOf({ details }: RestError): string | undefined {
  if (!isFields(details)) return undefined;
  const found = details["errorCode"] ?? details["code"];
  // What is not such a word may be anything.
  return typeof found === "string" && /^[A-Za-z]{1,60}$/.test(found) ? found : undefined;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
