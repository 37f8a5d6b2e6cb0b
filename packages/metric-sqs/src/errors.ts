import { isMicroscalingError, MicroscalingError } from "@microscaling/core";
import { faultError, fieldsOf, networkFault, statusFault, wordsOf } from "@microscaling/plugin-kit";
import type { Fault } from "@microscaling/plugin-kit";

/** The action, as IAM names it. */
export type Action = "sqs:GetQueueUrl" | "sqs:GetQueueAttributes";

const GONE = / (QueueDoesNotExist|\S*NonExistentQueue|InvalidAddress): /;
const THROTTLED =
  /^429 | (\S*Throttl\S*|RequestLimitExceeded|TooManyRequestsException|SlowDown|BandwidthLimitExceeded|OverLimit): /;
const SKEWED =
  / (RequestExpired|RequestInTheFuture|RequestTimeTooSkewed): |signature (has )?expired|not yet current|too skewed/i;
const DENIED = / (AccessDenied|AccessDeniedException|AuthorizationError|UnauthorizedOperation): /;
const UNKNOWN_CALLER =
  / (InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|ExpiredToken|ExpiredTokenException|InvalidSecurity|MissingAuthenticationToken|MissingAuthenticationTokenException|IncompleteSignature|InvalidAccessKeyId|AuthFailure|OptInRequired): /;
const NO_CREDENTIALS = / (\S*Credential\S*|TokenProviderError): /;
const WAYS =
  "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the source's `profile`, `role` or `webIdentity`, or give the machine a role";

/** The meaning of `status name: message` of an SDK error. The first match applies. NAME and ACTION are filled in. */
const MEANINGS: readonly (readonly [said: RegExp, kind: Fault["kind"], text: string])[] = [
  [GONE, "missing", "no such queue. Check its name, its account and the region"],
  [THROTTLED, "throttled", "too many requests (NAME). Raise the source's `interval`"],
  [SKEWED, "refused", "this machine's clock is wrong (NAME). Set the clock, for example with NTP"],
  [DENIED, "refused", "access denied. Allow ACTION on the queue, or check the assumed role"],
  [UNKNOWN_CALLER, "refused", "AWS refuses the credentials (NAME). Check credentials and region"],
  [NO_CREDENTIALS, "refused", `no AWS credentials found. ${WAYS}`],
];

/**
 * Explains an error of the SDK. The SDK's error is not kept as the cause, because it contains the request, and its message about a wrong signature
 * contains the session's token.
 */
export function explain(thrown: unknown, action: Action): MicroscalingError {
  if (isMicroscalingError(thrown)) return thrown;
  if (wordsOf(thrown).startsWith("Region is missing"))
    return new MicroscalingError("ERR_CONFIG_SETTING", "no region set. Set `region` or AWS_REGION");
  return faultError("metric", "SQS", faultOf(thrown, action));
}

function faultOf(thrown: unknown, action: Action): Fault {
  const { $metadata: meta, code } = fieldsOf(thrown);
  const { httpStatusCode: status } = fieldsOf(meta);
  const { name } = thrown instanceof Error ? thrown : { name: "unknown" };
  const said = `${String(status)} ${name}: ${wordsOf(thrown)}`;
  const [, kind, text = ""] = MEANINGS.find(([pattern]) => pattern.test(said)) ?? [];
  if (kind) return { kind, text: text.replace("NAME", name).replace("ACTION", action) };
  const network = networkFault(thrown, { address: "`endpoint`" });
  if (network === undefined && typeof status === "number" && name !== "SyntaxError")
    return { kind: statusFault(status).kind, text: `answered ${said}` };
  const found = `something else (${typeof code === "string" ? code : name})`;
  const other = `expected an answer of SQS, found ${found}. Check \`endpoint\``;
  return network ?? { kind: "unusable", text: other };
}
