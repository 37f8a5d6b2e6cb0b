import { silentLogger } from "@microscaling/core";
import { parseAnswer } from "@microscaling/plugin-kit";
import type { SQS, SQSClientConfig } from "@aws-sdk/client-sqs";
import * as z from "zod";
import { explain, type Action } from "./errors.ts";
import { ATTRIBUTES, isQueueUrl, type Options, type Query } from "./options.ts";

/** The attributes of a queue, by SQS's names. */
export type Attributes = Readonly<Record<string, string>>;

/** Asks SQS over connections that stay open. */
export interface Sqs {
  /** The attributes of a queue. @throws MicroscalingError, without the queue's name. */
  attributesOf(query: Query, signal: AbortSignal): Promise<Attributes>;
  close(): void;
}

/** All attributes, whatever the tasks count, because they cost nothing more. */
const AttributeNames = Object.values(ATTRIBUTES);

const resolved = z.object({ QueueUrl: z.string() });

/** Creates one client for each region that has queues. Loads the SDK and connects at the first request. */
export function createSqs(options: Options): Sqs {
  const clients = new Map<string | undefined, Promise<SQS>>();
  const urls = new Map<string, string>();

  function clientOf(region: string | undefined = options.region): Promise<SQS> {
    const client = clients.get(region) ?? connect(options, region);
    clients.set(region, client);
    return client;
  }

  async function urlOf({ queue, account }: Query, abortSignal: AbortSignal): Promise<string> {
    if (isQueueUrl(queue)) return queue;
    const asked = { QueueName: queue, QueueOwnerAWSAccountId: account };
    const answer = await (await clientOf()).getQueueUrl(asked, { abortSignal });
    return parseAnswer(resolved, answer, { of: "metric", at: "SQS" }).QueueUrl;
  }

  return {
    async attributesOf(query, abortSignal) {
      const key = `${query.account} ${query.queue}`;
      let action: Action = "sqs:GetQueueUrl";
      try {
        const QueueUrl = urls.get(key) ?? (await urlOf(query, abortSignal));
        urls.set(key, QueueUrl);
        action = "sqs:GetQueueAttributes";
        const asked = { QueueUrl, AttributeNames };
        const client = await clientOf(regionOf(QueueUrl));
        return (await client.getQueueAttributes(asked, { abortSignal })).Attributes ?? {};
      } catch (thrown) {
        const error = explain(thrown, action);
        // A queue with this name that is created later may have another URL.
        if (error.code === "ERR_QUEUE_MISSING") urls.delete(key);
        throw error;
      }
    },
    close() {
      for (const client of clients.values()) client.then((made) => made.destroy()).catch(() => {});
    },
  };
}

const REGION =
  /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com|api\.)|^([a-z0-9-]+)\.queue\.amazonaws\.com/;

/** The region of a URL, such as `eu-west-1` of `https://sqs.eu-west-1.amazonaws.com/…`. URLs of emulators have no region. */
function regionOf(queueUrl: string): string | undefined {
  const [, region, legacy] = REGION.exec(URL.parse(queueUrl)?.hostname ?? "") ?? [];
  return region ?? legacy;
}

async function connect(options: Options, region: string | undefined): Promise<SQS> {
  const { SQS: Client } = await import("@aws-sdk/client-sqs");
  const { endpoint, profile } = options;
  const credentials = await credentialsOf(options, region);
  // An undefined option would hide the SDK's own default. Without a logger, the SDK writes to the console.
  const given = Object.entries({ endpoint, profile, region, credentials });
  const config = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return new Client({ ...config, logger: silentLogger, retryStrategy });
}

/** The credentials of the options; `undefined` for the SDK's own chain, which the client uses by default. */
async function credentialsOf(
  { profile, role, webIdentity: token }: Options,
  region: string | undefined,
): Promise<SQSClientConfig["credentials"]> {
  if (profile === undefined && role === undefined && token === undefined) return undefined;
  // Seldom needed, and not small.
  const { fromIni, fromTemporaryCredentials, fromTokenFile } =
    await import("@aws-sdk/credential-providers");
  const by = region === undefined ? {} : { clientConfig: { region } };
  let base = profile === undefined ? undefined : fromIni({ profile, ...by });
  if (token !== undefined) {
    const { roleArn, tokenFile: webIdentityTokenFile, sessionName: roleSessionName } = token;
    base = fromTokenFile({ roleArn, webIdentityTokenFile, roleSessionName, ...by });
  }
  if (role === undefined) return base;
  const { arn: RoleArn, sessionName: RoleSessionName, externalId } = role;
  const params = { RoleArn, RoleSessionName, ...(externalId && { ExternalId: externalId }) };
  return fromTemporaryCredentials({ params, ...(base && { masterCredentials: base }), ...by });
}

/**
 * Retries once, at once, after a broken connection or a clock difference that the SDK has just corrected. Everything else waits for the next
 * reading, because the SDK's own delays would exceed the deadline.
 */
const retryStrategy: NonNullable<SQSClientConfig["retryStrategy"]> = {
  acquireInitialRetryToken: async () => tokenAfter(0),
  async refreshRetryTokenForRetry(last, { errorType }) {
    if (last.getRetryCount() === 0 && errorType === "TRANSIENT") return tokenAfter(1);
    throw new Error("tried enough");
  },
  recordSuccess: () => {},
};

const tokenAfter = (tries: number) => ({ getRetryCount: () => tries, getRetryDelay: () => 0 });
