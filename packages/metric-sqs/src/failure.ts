import { isMicroscalingError, MicroscalingError, type ErrorCode } from "@microscaling/core";

/** What was asked, as IAM names it. */
export type Action = "sqs:GetQueueUrl" | "sqs:GetQueueAttributes";

/** What is used of the SDK's errors, and of Node's. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly status: number | undefined;
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
const FILE = /^(ENOENT|EACCES|EISDIR)$/;
/** `ECONNREFUSED`, `ENOTFOUND`, `EAI_AGAIN` and so on. */
const NETWORK = /^E(?!RR_)[A-Z_]+$/;
/** So much of the server's words that they say what is wrong. */
const MOST_WORDS = 200;

/**
 * Says in words of our own what an error of the SDK means. The SDK's error is not kept as the cause: it has the request in it, and the
 * words about a wrong signature have the session's token.
 */
export function explain(thrown: unknown, action: Action, queue: string): MicroscalingError {
  if (isMicroscalingError(thrown)) return thrown;
  const [code, words] = meaning(read(thrown), action);
  return new MicroscalingError(code, `queue ${queue}: ${words}`);
}

function meaning(error: SdkError, action: Action): [ErrorCode, string] {
  const { name, message, code, status } = error;
  if (GONE.test(name))
    return ["ERR_QUEUE_MISSING", "it is not there: check its name, the account and the region"];
  if (status === 429 || THROTTLED.test(name))
    return [
      "ERR_METRIC_THROTTLED",
      `SQS wants to be asked less often (${name}): raise the source's \`interval\``,
    ];
  if (message.startsWith("Region is missing"))
    return ["ERR_CONFIG_SETTING", "no region anywhere: set `region` of the source, or AWS_REGION"];
  const refusal = refusalOf(error, action);
  if (refusal !== undefined) return ["ERR_METRIC_REFUSED", refusal];
  if (NETWORK.test(code)) return ["ERR_METRIC_UNREACHABLE", `SQS cannot be reached: ${code}`];
  if (status === undefined || name === "SyntaxError")
    return [
      "ERR_METRIC_RESPONSE",
      `expected an answer of SQS, found something else (${code || name}): is \`endpoint\` right?`,
    ];
  const [line = ""] = message.split("\n");
  const words = `SQS answered ${status}: ${name}, ${line.slice(0, MOST_WORDS)}`;
  return [status >= 500 ? "ERR_METRIC_UNREACHABLE" : "ERR_METRIC_RESPONSE", words];
}

/** Why the credentials, or what they may do, are not enough. */
function refusalOf({ name, message, code }: SdkError, action: Action): string | undefined {
  if (SKEWED.test(name) || SKEWED_WORDS.test(message))
    return `AWS refused the request's time (${name}): this machine's clock is wrong, set it by NTP`;
  if (DENIED.test(name))
    return `access denied: allow ${action} on it, or check the role that the source assumes`;
  if (UNKNOWN_CALLER.test(name))
    return `AWS does not accept the credentials (${name}): check them and the region`;
  if (NO_CREDENTIALS.test(name))
    return "no AWS credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the source's `profile`, `role` or `webIdentity`, or give the machine a role";
  // Node's words have the path, and nothing of what is in the file.
  if (FILE.test(code)) return `the credentials' file cannot be read: ${message}`;
  if (TLS.test(code)) return `TLS failed (${code}): check \`endpoint\` and its certificate`;
  return undefined;
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
  };
}
