import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

/** What stands between a client and an SQS server: it counts, and lets nobody through when it is told so. */
export interface SqsGate {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** All that came, in its order. */
  readonly requests: readonly SqsRequest[];
  /** The largest number of requests for one queue that were in progress at the same time. */
  readonly mostAtOnce: () => number;
  /** Refuses everything from now on, as AWS does: with an HTTP status and the type of the error. */
  refuse(error: { readonly status: number; readonly type: string }): void;
  /** Takes requests and answers nothing from now on. */
  hold(): void;
  /** Lets everything through again. */
  admit(): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** One request. */
export interface SqsRequest {
  /** `GetQueueAttributes`, say. */
  readonly action: string;
  /** The name or the URL of the queue. */
  readonly queue: string;
  /** When it came, by `performance.now()`. */
  readonly at: number;
}

type Rule = "admit" | "hold" | { readonly status: number; readonly type: string };

/** Starts a gate before the SQS server at `target`. */
export async function startSqsGate(target: string): Promise<SqsGate> {
  const requests: SqsRequest[] = [];
  const underWay = new Map<string, number>();
  let most = 0;
  let rule: Rule = "admit";

  async function take(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await buffer(asked);
    const action = String(asked.headers["x-amz-target"]).replace("AmazonSQS.", "");
    const input: Readonly<Record<string, unknown>> = JSON.parse(body.toString());
    const queue = String(input["QueueUrl"] ?? input["QueueName"]);
    requests.push({ action, queue, at: performance.now() });
    const now = (underWay.get(queue) ?? 0) + 1;
    underWay.set(queue, now);
    most = Math.max(most, now);
    answer.on("close", () => underWay.set(queue, (underWay.get(queue) ?? 1) - 1));
    if (rule === "admit") handOn(target, body, asked, answer);
    else if (rule !== "hold") {
      answer.writeHead(rule.status, { "content-type": "application/x-amz-json-1.0" });
      answer.end(JSON.stringify({ __type: `com.amazonaws.sqs#${rule.type}`, message: "Refused." }));
    }
  }

  const server = createServer((asked, answer) => {
    take(asked, answer).catch(() => answer.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const set = (next: Rule): void => {
    rule = next;
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    mostAtOnce: () => most,
    refuse: set,
    hold: () => set("hold"),
    admit: () => set("admit"),
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function handOn(
  target: string,
  body: Buffer,
  { method, url = "/", headers }: IncomingMessage,
  answer: ServerResponse,
): void {
  const onward = request(new URL(url, target), { method, headers }, (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  onward.end(body);
}
