/** One queue of an SQS server. */
export interface SqsQueue {
  /** `http://host:port` of the server. */
  readonly endpoint: string;
  readonly name: string;
  /** As the server says it; its host may be one that does not resolve. */
  readonly url: string;
}

/** SQS's own limit for one batch. */
const MOST_IN_BATCH = 10;

/** Creates a queue. An existing queue is not changed. */
export async function createQueue(endpoint: string, name: string): Promise<SqsQueue> {
  const { QueueUrl } = await ask(endpoint, "CreateQueue", { QueueName: name });
  return { endpoint, name, url: String(QueueUrl) };
}

/** Deletes a queue with all that is in it. */
export async function deleteQueue({ endpoint, url }: SqsQueue): Promise<void> {
  await ask(endpoint, "DeleteQueue", { QueueUrl: url });
}

/** Sends `n` messages, which may not be taken before `delaySeconds` (0 to 900) have passed. */
export async function sendMessages(
  { endpoint, url }: SqsQueue,
  n: number,
  delaySeconds = 0,
): Promise<void> {
  for (let sent = 0; sent < n; sent += MOST_IN_BATCH) {
    const Entries = Array.from({ length: Math.min(MOST_IN_BATCH, n - sent) }, (_, i) => ({
      Id: String(i),
      MessageBody: String(sent + i),
      DelaySeconds: delaySeconds,
    }));
    await ask(endpoint, "SendMessageBatch", { QueueUrl: url, Entries });
  }
}

/** Takes up to `n` messages (1 to 10) as a worker does; they are in flight for ten minutes. */
export async function receiveMessages({ endpoint, url }: SqsQueue, n: number): Promise<void> {
  const limits = { MaxNumberOfMessages: n, VisibilityTimeout: 600 };
  await ask(endpoint, "ReceiveMessage", { QueueUrl: url, ...limits });
}

/** Throws away all messages. */
export async function purgeQueue({ endpoint, url }: SqsQueue): Promise<void> {
  await ask(endpoint, "PurgeQueue", { QueueUrl: url });
}

/** One call in SQS's JSON protocol, with a signature of nobody: the emulators look at its region alone. */
async function ask(
  endpoint: string,
  action: string,
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const scope = "nobody/20260101/us-east-1/sqs/aws4_request";
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `AmazonSQS.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(input),
  });
  const words = await response.text();
  if (!response.ok) throw new Error(`SQS answered ${response.status} to ${action}: ${words}`);
  // Some actions answer nothing.
  const answer: Readonly<Record<string, unknown>> = JSON.parse(words || "{}");
  return answer;
}
