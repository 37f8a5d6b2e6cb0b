import { durationPattern, type StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. */
export interface SqsOptions {
  /** The region of queues that are given by name. */
  readonly region?: string | undefined;
  /** The URL of the SQS service, where it is not the region's public one. */
  readonly endpoint?: string | undefined;
  /** A profile of the shared AWS files. */
  readonly profile?: string | undefined;
  /** A role to assume with the credentials that are there. */
  readonly role?: Role | undefined;
  /** A role to assume with a token that somebody else signed. */
  readonly webIdentity?: WebIdentity | undefined;
  /** How often a queue that does not move is asked: a duration. */
  readonly idleInterval: string;
}

/** A role, and what its trust policy may want to know. */
export interface Role {
  readonly arn: string;
  readonly externalId?: string | undefined;
  /** How the agent is called in CloudTrail. */
  readonly sessionName: string;
}

/** A role that a token opens. */
export interface WebIdentity {
  readonly roleArn: string;
  /** Path of the file with the token; it is read again whenever credentials are due. */
  readonly tokenFile: string;
  readonly sessionName: string;
}

/** A part of a queue's messages, by the names that readings have for them. */
export type Part = "ready" | "inFlight" | "delayed";

/** Which queue a task looks at, and what counts. */
export interface SqsQuery {
  /** Its URL or its name. */
  readonly queue: string;
  /** Who owns it, when it is given by name and belongs to another account. */
  readonly account?: string | undefined;
  /** The parts whose sum is the reading's value. */
  readonly count: readonly Part[];
}

/** Whether a queue is given by its URL. */
export function isQueueUrl(queue: string): boolean {
  return queue.includes("://");
}

const MOST_NAME_LENGTH = 80;

function isQueue(written: string): boolean {
  if (isQueueUrl(written)) return isPlainUrl(written) && /[^/]\/[\w.-]+$/.test(written);
  return written.length <= MOST_NAME_LENGTH && /^[\w-]+(\.fifo)?$/.test(written);
}

function isPlainUrl(written: string): boolean {
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return `${url.username}${url.password}${url.search}${url.hash}` === "";
}

const arn = z.string().regex(/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, {
  error: "expected a role's ARN, such as arn:aws:iam::123456789012:role/scaler",
});

const sessionName = z
  .string()
  .regex(/^[\w+=,.@-]{2,64}$/, {
    error: "expected 2 to 64 letters, digits or characters out of _+=,.@-",
  })
  .default("microscaling")
  .describe("How the agent is called in CloudTrail.");

const role = z.strictObject({
  arn: arn.describe("The role's ARN."),
  externalId: z.string().min(2).optional().describe("What the role's trust policy may ask for."),
  sessionName,
});

const webIdentity = z.strictObject({
  roleArn: arn.describe("The role's ARN."),
  tokenFile: z.string().min(1).describe("Path of the file with the token."),
  sessionName,
});

/** Checks a source under `metrics:`. */
export const options: StandardSchema<SqsOptions> = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z0-9-]+$/, { error: "expected a region such as eu-west-1" })
      .optional()
      .describe(
        "The region of queues that are given by name. Default: AWS_REGION, else the profile's.",
      ),
    endpoint: z
      .string()
      .refine(isPlainUrl, { error: "expected an http:// or https:// URL without credentials" })
      .optional()
      .describe("URL of the service, for a VPC endpoint or an emulator. Default: the region's."),
    profile: z
      .string()
      .min(1)
      .optional()
      .describe("A profile of ~/.aws/config and ~/.aws/credentials."),
    role: role.optional().describe("Assume this role with the credentials that are there."),
    webIdentity: webIdentity.optional().describe("Assume this role with a token from a file."),
    idleInterval: z
      .string()
      .regex(durationPattern, { error: "expected a duration such as 5s" })
      .default("5s")
      .describe("How often a queue that does not move is asked. 0s: at every interval."),
  })
  .refine(({ profile, webIdentity: token }) => profile === undefined || token === undefined, {
    error: "expected profile or webIdentity, not both",
    path: ["webIdentity"],
  });

/** Checks a task's `metric:`. */
export const query: StandardSchema<SqsQuery> = z
  .strictObject({
    queue: z
      .string()
      .refine(isQueue, {
        error:
          "expected a queue's URL, or its name: 1 to 80 letters, digits, dashes or underscores, and perhaps .fifo",
      })
      .describe("The queue's URL or name."),
    account: z
      .string()
      .regex(/^\d{12}$/, { error: 'expected an account\'s 12 digits, in quotes: "123456789012"' })
      .optional()
      .describe("The account that owns the queue, if it is another one."),
    count: z
      .array(z.enum(["ready", "inFlight", "delayed"]))
      .min(1)
      .refine((parts) => new Set(parts).size === parts.length, {
        error: "expected every part once",
      })
      .default(["ready"])
      .describe(
        "What to add up: ready (visible messages), inFlight (taken by a worker), delayed (not to be taken yet).",
      ),
  })
  .refine(({ queue, account }) => account === undefined || !isQueueUrl(queue), {
    error: "expected no account beside a URL, which has it",
    path: ["account"],
  });
