import { formatDuration, isMicroscalingError, type MicroscalingError } from "@microscaling/core";
import { errorAt, faultError, fieldsOf, networkFault, statusFault } from "@microscaling/plugin-kit";
import type { Fault } from "@microscaling/plugin-kit";
import type { RestError } from "@azure/storage-queue";
import type { SignIn } from "./client.ts";

/** Azure accepts signatures that are at most 15 minutes off. A SAS also has a start time. */
const MOST_SKEW_MS = 5 * 60_000;
const SETTINGS = { address: "`account`, `endpointSuffix` and `endpoint`", tls: "`endpoint`" };

const CUT: Fault = { kind: "unusable", text: "the answer broke off or cannot be read" };

type Texts = Readonly<Record<SignIn["by"], string>>;

const NOT_VALID: Texts = {
  key: "the key does not belong to the account. Check SETTING, and check whether the key was changed",
  sas: "the signature is not valid or has expired. Check SETTING, above all its end (se)",
  identity: "the token is not valid for the account. Check the tenant of `identity`",
};
const NOT_PERMITTED: Texts = {
  key: "not permitted. Check the networks that the account's firewall allows",
  sas: "not permitted. SETTING must allow reading (sp=r) of queues (of an account's SAS also ss=q, srt=co), from this address",
  identity:
    'not permitted. Give the identity the role "Storage Queue Data Reader" on the account or the queue (it may take minutes to hold), and check the account\'s firewall',
};
const NO_KEYS = "the account refuses keys and their SAS. Use `identity` instead of SETTING";

const FORBIDDEN = / (Authorization\w*(Failure|Mismatch)|InsufficientAccountPermissions)$/;

/** The meaning of Azure's `status code`. The first match applies. SETTING is filled in. */
const MEANINGS: readonly (readonly [said: RegExp, kind: Fault["kind"], text: Texts | string])[] = [
  // Of Azure, or of something before it.
  [/^(429|503)| OperationTimedOut$/, "throttled", "too many requests"],
  [/ QueueNotFound$/, "missing", "no such queue. Create the queue, or correct `queue`"],
  [/ AuthenticationFailed$/, "refused", NOT_VALID],
  [FORBIDDEN, "refused", NOT_PERMITTED],
  [/ AccountIsDisabled$/, "refused", "the account is disabled"],
  [/ KeyBasedAuthenticationNotPermitted$/, "refused", NO_KEYS],
  [/^40[13]/, "refused", "check SETTING"],
];

/**
 * Explains a failure. The client's error is never the cause, because it contains the request with its signature.
 * @param at the address of the account's queues, without secrets.
 * @param now the time of the failure, in milliseconds since the epoch.
 */
export function explain(error: unknown, at: string, by: SignIn, now: number): MicroscalingError {
  if (isMicroscalingError(error)) return errorAt("metric", at, error);
  return faultError("metric", at, faultOf(error, by, now));
}

function faultOf(error: unknown, { by, setting }: SignIn, now: number): Fault {
  if (!isAnswer(error)) return networkFault(error, SETTINGS) ?? CUT;
  const { statusCode: status, response, request, details } = error;
  const said = `${status} ${wordOf(details)}`.trimEnd();
  const skewMs = now - Date.parse(response?.headers.get("date") ?? "");
  // With a wrong clock, no signature and no token can be valid.
  if (said.endsWith(" AuthenticationFailed") && Math.abs(skewMs) > MOST_SKEW_MS) {
    const off = `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"}`;
    return { kind: "refused", text: `this machine's clock is ${off} Azure's (${said}). Set it` };
  }
  const [, kind, texts = ""] = MEANINGS.find(([pattern]) => pattern.test(said)) ?? [];
  const text = (typeof texts === "string" ? texts : texts[by]).replace("SETTING", setting);
  if (kind !== undefined) return { kind, text: `${said}: ${text}` };
  const target = URL.parse(response?.headers.get("location") ?? "", request?.url);
  if (target === null || !said.startsWith("3"))
    return { kind: statusFault(status).kind, text: `expected 200 with a count, found ${said}` };
  const moved = `redirected to ${target.host} (${said}), where the credentials are not sent`;
  return { kind: "unusable", text: `${moved}. Check ${SETTINGS.address}` };
}

/** Does not use the client's own type guard, so that the client is loaded only if needed. */
function isAnswer(error: unknown): error is RestError & { readonly statusCode: number } {
  return typeof fieldsOf(error)["statusCode"] === "number";
}

/** Azure's error code from the header, or else from the body. Anything that does not look like a code is ignored. */
function wordOf(details: unknown): string {
  const { errorCode, code = "" } = fieldsOf(details);
  return /^"?([A-Za-z]{1,60})"?$/.exec(JSON.stringify(errorCode ?? code))?.[1] ?? "";
}
