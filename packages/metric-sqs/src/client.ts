import { MicroscalingError, untilAborted, silentLogger } from "@microscaling/core";
import type { QueueAttributeName, SQSClient, SQSClientConfig } from "@aws-sdk/client-sqs";
import { createCredentials } from "./credentials.ts";
import type { SqsOptions } from "./options.ts";

type Sdk = typeof import("@aws-sdk/client-sqs");

/** Asks SQS, over connections that stay open. What fails is the SDK's own error. */
export interface Sqs {
  /** The URL of a queue. */
  urlOf(name: string, account: string | undefined, signal: AbortSignal): Promise<string>;
  /** Those attributes of a queue that are asked for. */
  attributesOf(
    url: string,
    names: readonly QueueAttributeName[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>>;
  /** Ends what is under way. Idempotent. */
  close(): void;
}

/** Makes one client for each region that queues are in. Loads the SDK, and connects, when it is first asked. */
export function createSqs(options: SqsOptions): Sqs {
  const clients = new Map<string | undefined, Promise<SQSClient>>();
  let isClosed = false;
  let sdk: Promise<Sdk> | undefined;

  const load = (): Promise<Sdk> => (sdk ??= import("@aws-sdk/client-sqs"));

  async function connect(region: string | undefined): Promise<SQSClient> {
    const { SQSClient: Client } = await load();
    return new Client({
      ...settings(options),
      ...(region === undefined ? {} : { region }),
      ...(await createCredentials(options, region)),
    });
  }

  function clientOf(region: string | undefined): Promise<SQSClient> {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const made = connect(region);
    clients.set(region, made);
    return made;
  }

  /** The SDK does not heed a signal while it looks for credentials, hence the race. */
  async function ask<T>(signal: AbortSignal, work: (sdk: Sdk) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (isClosed) throw new MicroscalingError("ERR_METRIC_UNREACHABLE", "the metric is closed");
    return untilAborted(signal, load().then(work));
  }

  return {
    urlOf: (name, account, signal) =>
      ask(signal, async ({ GetQueueUrlCommand }) => {
        const command = new GetQueueUrlCommand({
          QueueName: name,
          QueueOwnerAWSAccountId: account,
        });
        const client = await clientOf(options.region);
        const { QueueUrl } = await client.send(command, { abortSignal: signal });
        if (QueueUrl !== undefined) return QueueUrl;
        const words = `queue ${name}: expected its QueueUrl, found nothing`;
        throw new MicroscalingError("ERR_METRIC_RESPONSE", words);
      }),
    attributesOf: (url, names, signal) =>
      ask(signal, async ({ GetQueueAttributesCommand }) => {
        const command = new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: [...names],
        });
        const client = await clientOf(regionOf(url) ?? options.region);
        const { Attributes = {} } = await client.send(command, { abortSignal: signal });
        return Attributes;
      }),
    close() {
      isClosed = true;
      for (const client of clients.values()) client.then((made) => made.destroy()).catch(() => {});
    },
  };
}

/** `eu-west-1` of `https://sqs.eu-west-1.amazonaws.com/…`; a queue is asked where it is. Emulators' URLs have no region. */
function regionOf(url: string): string | undefined {
  const host = URL.parse(url)?.hostname ?? "";
  const [, region, legacy] =
    /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com|api\.)|^([a-z0-9-]+)\.queue\.amazonaws\.com/.exec(
      host,
    ) ?? [];
  return region ?? legacy;
}

function settings({ endpoint, profile }: SqsOptions): SQSClientConfig {
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    // Without one it writes to the console.
    logger: silentLogger,
    retryStrategy: onceMore,
  };
}

/**
 * A connection that broke, or a clock that the SDK has just allowed for, is worth one more try at once. All else is for the next
 * reading: the SDK's own waits would outlast the deadline.
 */
const onceMore: NonNullable<SQSClientConfig["retryStrategy"]> = {
  acquireInitialRetryToken: () => Promise.resolve(tokenAfter(0)),
  refreshRetryTokenForRetry(token, { errorType }) {
    const tries = token.getRetryCount();
    if (tries > 0 || errorType !== "TRANSIENT") return Promise.reject(new Error("tried enough"));
    return Promise.resolve(tokenAfter(tries + 1));
  },
  recordSuccess: () => {},
};

function tokenAfter(tries: number): { getRetryCount(): number; getRetryDelay(): number } {
  return { getRetryCount: () => tries, getRetryDelay: () => 0 };
}
