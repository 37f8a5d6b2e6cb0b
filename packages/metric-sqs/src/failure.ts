import { isMicroscalingError, MicroscalingError, type ErrorCode } from "@microscaling/core";

/** What was asked, as IAM names it. */
export type Action = "sqs:GetQueueUrl" | "sqs:GetQueueAttributes";

/** What went wrong with one queue. */
export interface Trouble {
  readonly error: MicroscalingError;
  /** The queue is not there (any more), so its URL may be another one when it is back. */
  readonly isGone: boolean;
  /** It was asked too often. */
  readonly isThrottled: boolean;
}

/** What is used of the SDK's errors, and of Node's. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly $retryable: unknown;
}

const GONE = /^(QueueDoesNotExist|.*NonExistentQueue|InvalidAddress)$/;
const THROTTLED =
  /Throttl|^(RequestLimitExceeded|TooManyRequestsException|SlowDown|BandwidthLimitExceeded|OverLimit)$/;
const DENIED = /^(AccessDenied|AccessDeniedException|AuthorizationError|UnauthorizedOperation)$/;
const SKEWED = /^(RequestExpired|RequestInTheFuture|RequestTimeTooSkewed)$/;
const SKEWED_WORDS = /signature (has )?expired|not yet current|too skewed/i;
const UNKNOWN_CALLER =
  /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|ExpiredToken|ExpiredTokenException|InvalidSecurity|MissingAuthenticationToken|MissingAuthenticationTokenException|IncompleteSignature|InvalidAccessKeyId|AuthFailure|OptInRequired)$/;
const NO_CREDENTIALS = /Credential|^TokenProviderError$/;
const TLS = /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_)/;
/** `ECONNREFUSED`, `ENOTFOUND`, `EAI_AGAIN` and so on. */
const NETWORK = /^E(?!RR_)[A-Z_]+$/;
/** So much of the server's words that they say what is wrong. */
const MOST_WORDS = 200;

/**
 * Says in words of our own what an error of the SDK means. The SDK's error is not kept as the cause: it has the request in it, and the
 * words about a wrong signature have the session's token.
 */
export function explain(thrown: unknown, action: Action, queue: string): Trouble {
  const trouble = (code: ErrorCode, words: string, more: Partial<Trouble> = {}): Trouble => ({
    error: new MicroscalingError(code, `queue ${queue}: ${words}`),
    isGone: false,
    isThrottled: false,
    ...more,
  });
  if (isMicroscalingError(thrown)) return { error: thrown, isGone: false, isThrottled: false };
  const error = read(thrown);
  const { name, message, code, status } = error;

  if (GONE.test(name)) {
    const words = "it is not there: check its name, the account and the region";
    return trouble("ERR_QUEUE_MISSING", words, { isGone: true });
  }
  if (isThrottled(error)) {
    const words = `SQS wants to be asked less often (${name}): raise the source's \`interval\``;
    return trouble("ERR_METRIC_THROTTLED", words, { isThrottled: true });
  }
  if (SKEWED.test(name) || SKEWED_WORDS.test(message)) {
    const words = `AWS refused the request's time (${name}): this machine's clock is wrong, set it by NTP`;
    return trouble("ERR_METRIC_REFUSED", words);
  }
  // Before the codes of who is unknown, which STS has in common with SQS.
  if (DENIED.test(name)) {
    const words = `access denied: allow ${action} on it, or check the role that the source assumes`;
    return trouble("ERR_METRIC_REFUSED", words);
  }
  if (UNKNOWN_CALLER.test(name)) {
    const words = `AWS does not accept the credentials (${name}): check them and the region`;
    return trouble("ERR_METRIC_REFUSED", words);
  }
  if (message.startsWith("Region is missing")) {
    const words = "no region anywhere: set `region` of the source, or AWS_REGION";
    return trouble("ERR_CONFIG_SETTING", words);
  }
  if (NO_CREDENTIALS.test(name)) {
    const words =
      "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the source's `profile`, `role` or `webIdentity`, or run with a role of the machine's";
    return trouble("ERR_METRIC_REFUSED", words);
  }
  if (TLS.test(code)) return trouble("ERR_METRIC_REFUSED", `TLS failed (${code}): ${message}`);
  if (NETWORK.test(code))
    return trouble("ERR_METRIC_UNREACHABLE", `SQS cannot be reached: ${code}`);
  if (name === "SyntaxError" || status === undefined) {
    const words = `expected an answer of SQS, found something else (${code || name}): is \`endpoint\` right?`;
    return trouble("ERR_METRIC_RESPONSE", words);
  }
  if (status >= 500)
    return trouble("ERR_METRIC_UNREACHABLE", `SQS answered ${status}: ${cut(name, message)}`);
  return trouble("ERR_METRIC_RESPONSE", `SQS answered ${status}: ${cut(name, message)}`);
}

/** Reads an attribute. @throws MicroscalingError unless it is a whole number from 0 up. */
export function readCount(
  attributes: Readonly<Record<string, unknown>>,
  name: string,
  queue: string,
): number {
  const found = attributes[name];
  if (typeof found === "string" && /^\d{1,15}$/.test(found)) return Number(found);
  const what = found === undefined ? "nothing" : JSON.stringify(found).slice(0, 20);
  throw new MicroscalingError(
    "ERR_METRIC_RESPONSE",
    `queue ${queue}: expected ${name} to be a whole number ≥ 0, found ${what}`,
  );
}

function isThrottled({ name, status, $retryable }: SdkError): boolean {
  if (status === 429 || THROTTLED.test(name)) return true;
  return typeof $retryable === "object" && $retryable !== null && "throttling" in $retryable
    ? $retryable.throttling === true
    : false;
}

function read(thrown: unknown): SdkError {
  const fields: Readonly<Record<string, unknown>> =
    typeof thrown === "object" && thrown !== null ? { ...thrown } : {};
  const meta: unknown = fields["$metadata"];
  const status: unknown =
    typeof meta === "object" && meta !== null && "httpStatusCode" in meta
      ? meta.httpStatusCode
      : undefined;
  return {
    name: thrown instanceof Error ? thrown.name : "unknown",
    message: thrown instanceof Error ? thrown.message : "",
    code: typeof fields["code"] === "string" ? fields["code"] : "",
    status: typeof status === "number" ? status : undefined,
    $retryable: fields["$retryable"],
  };
}

function cut(name: string, message: string): string {
  const [line = ""] = message.split("\n");
  return `${name}, ${line.slice(0, MOST_WORDS)}`;
}
