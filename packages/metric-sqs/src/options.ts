import type { StandardSchema } from "@microscaling/core";
import { atMostOne, duration, httpUrl, isHttpUrl, text } from "@microscaling/plugin-kit";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. */
export interface Options {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly profile?: string | undefined;
  readonly role?: Role | undefined;
  readonly webIdentity?: WebIdentity | undefined;
  /** How often a queue whose numbers do not change is read: a duration. */
  readonly idleInterval: string;
}

/** A role, and what its trust policy may require. */
export interface Role {
  readonly arn: string;
  readonly externalId?: string | undefined;
  readonly sessionName: string;
}

/** A role that is assumed with a token. The file is read again whenever credentials are due. */
export type WebIdentity = Readonly<Record<"roleArn" | "tokenFile" | "sessionName", string>>;

/** The parts of a queue's messages: the names in readings and SQS's names. */
export const ATTRIBUTES = {
  ready: "ApproximateNumberOfMessages",
  inFlight: "ApproximateNumberOfMessagesNotVisible",
  delayed: "ApproximateNumberOfMessagesDelayed",
} as const;

/** One of these parts. */
export type Part = keyof typeof ATTRIBUTES;

/** The queue that a task reads, and the parts whose sum is the reading's value. */
export interface Query {
  readonly queue: string;
  readonly account?: string | undefined;
  readonly count: readonly Part[];
}

/** Whether a queue is given by its URL. */
export function isQueueUrl(queue: string): boolean {
  return queue.includes("://");
}

function isQueue(written: string): boolean {
  if (isQueueUrl(written)) return isHttpUrl(written) && /[^/]\/[\w.-]+$/.test(written);
  return /^(?!.{81})[\w-]+(\.fifo)?$/.test(written);
}

const ARN = "a role's ARN, such as arn:aws:iam::123456789012:role/scaler";
const arn = text("The role's ARN.", ARN, /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/);
const SESSION = "2 to 64 letters, digits or characters out of _+=,.@-";
const sessionName = text("The name of the agent in CloudTrail.", SESSION, /^[\w+=,.@-]{2,64}$/);
const session = { sessionName: sessionName.default("microscaling") };
const externalId = text("An external id, for the trust policy.", "2 or more characters", /../);
const tokenFile = text("The path of the file with the token.", "a path", /./);
const role = z.strictObject({ arn, externalId: externalId.optional(), ...session });
const webIdentity = z.strictObject({ roleArn: arn, tokenFile, ...session });
const REGION = "Region of queues given by name. Default: AWS_REGION, else the profile's region.";

/** Checks a source under `metrics:`. */
export const options: StandardSchema<Options> = z
  .strictObject({
    region: text(REGION, "a region such as eu-west-1", /^[a-z0-9-]+$/).optional(),
    endpoint: httpUrl("The URL of the service, for a VPC endpoint or an emulator.").optional(),
    profile: text("A profile of ~/.aws/config and ~/.aws/credentials.", "a name", /./).optional(),
    role: role.optional().describe("Assume this role with the credentials that are found."),
    webIdentity: webIdentity.optional().describe("Assume this role with a token from a file."),
    idleInterval: duration("How often to read an idle queue. 0s: at every interval.").default("5s"),
  })
  .check(atMostOne("profile", "webIdentity"));

const QUEUE =
  "a queue's URL, or its name: 1 to 80 letters, digits, dashes or underscores, optionally with .fifo at the end";
const ACCOUNT = 'an account\'s 12 digits, in quotes: "123456789012"';
const COUNT =
  "ready (visible messages), inFlight (taken by a worker), delayed (not to be taken yet)";
const parts = z
  .array(z.enum(["ready", "inFlight", "delayed"]))
  .min(1)
  .refine((all) => new Set(all).size === all.length, { error: "expected every part once" });

/** Checks a task's `metric:`. */
export const query: StandardSchema<Query> = z
  .strictObject({
    queue: text("The queue's URL or name.", QUEUE, isQueue),
    account: text("The account of the queue, if another.", ACCOUNT, /^\d{12}$/).optional(),
    count: parts.default(["ready"]).describe(`The numbers to add up: ${COUNT}.`),
  })
  .refine(({ queue, account }) => account === undefined || !isQueueUrl(queue), {
    error: "expected no account with a URL, because the URL has it",
    path: ["account"],
  });
