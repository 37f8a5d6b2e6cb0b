import { formatDuration, isMicroscalingError, type MicroscalingError } from "@microscaling/core";
import { errorAt, faultError, fieldsOf, networkFault, statusFault } from "@microscaling/plugin-kit";
import type { Fault } from "@microscaling/plugin-kit";
import type { RestError } from "@azure/storage-queue";
import type { SignIn } from "./client.ts";

/** Azure takes signatures that are no more than 15 minutes off; those of a SAS have a start as well. */
const MOST_SKEW_MS = 5 * 60_000;
const SETTINGS = { address: "`account`, `endpointSuffix` and `endpoint`", tls: "`endpoint`" };

const CUT: Fault = { kind: "unusable", text: "the answer broke off, or cannot be read" };

type Texts = Readonly<Record<SignIn["by"], string>>;

const NOT_VALID: Texts = {
  key: "the key is not the account's. Check SETTING, and whether the key was changed",
  sas: "the signature is not valid, or no longer. Check SETTING, its end (se) above all",
  identity: "the token is not valid for the account. Check the tenant of `identity`",
};
const NOT_PERMITTED: Texts = {
  key: "not permitted. Check the networks that the account's firewall lets in",
  sas: "not permitted. SETTING must allow reading (sp=r) of queues (of an account's SAS also ss=q, srt=co), from this address",
  identity:
    'not permitted. Give the identity the role "Storage Queue Data Reader" on the account or the queue (it may take minutes to hold), and check the account\'s firewall',
};
const NO_KEYS = "the account refuses keys, and SAS made with them. Use `identity`, not SETTING";

const FORBIDDEN = / (Authorization\w*(Failure|Mismatch)|InsufficientAccountPermissions)$/;

/** What `status code` of Azure means, the first that fits. SETTING is filled in. */
const MEANINGS: readonly (readonly [said: RegExp, kind: Fault["kind"], text: Texts | string])[] = [
  // Of Azure, or of something before it.
  [/^(429|503)| OperationTimedOut$/, "throttled", "too many requests"],
  [/ QueueNotFound$/, "missing", "no such queue. Create it, or correct `queue`"],
  [/ AuthenticationFailed$/, "refused", NOT_VALID],
  [FORBIDDEN, "refused", NOT_PERMITTED],
  [/ AccountIsDisabled$/, "refused", "the account is disabled"],
  [/ KeyBasedAuthenticationNotPermitted$/, "refused", NO_KEYS],
  [/^40[13]/, "refused", "check SETTING"],
];

/**
 * Says what a failure means. Never has the client's error as its cause: that holds the request, with its signature.
 * @param at where the account's queues are, without secrets.
 * @param now when the failure came, in milliseconds since the epoch.
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
  // With a clock that is wrong no signature and no token can be right.
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

/** Not by the client's own guard, so that the client is only loaded once it is needed. */
function isAnswer(error: unknown): error is RestError & { readonly statusCode: number } {
  return typeof fieldsOf(error)["statusCode"] === "number";
}

/** Azure's word for it, of the header or else of the body. What is not such a word may be anything. */
function wordOf(details: unknown): string {
  const { errorCode, code = "" } = fieldsOf(details);
  return /^"?([A-Za-z]{1,60})"?$/.exec(JSON.stringify(errorCode ?? code))?.[1] ?? "";
}
