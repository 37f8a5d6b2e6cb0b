import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished, vi } from "vitest";
import type { LogFields, Logger, Metric, PluginContext, ReadingResult } from "@microscaling/core";
import { createTestClock, type TestClock } from "@microscaling/conformance";
import plugin, { type SqsQuery } from "../src/index.ts";

/** What came. */
export interface FakeRequest {
  /** `GetQueueUrl` and `GetQueueAttributes` of SQS, `AssumeRole` and such of STS. */
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly authorization: string;
}

/** Attributes, an error as AWS says it, or something by hand. */
export type FakeAnswer =
  | { readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly type: string; readonly status?: number; readonly message?: string }
  | ((request: IncomingMessage, response: ServerResponse) => void);

/** A server that speaks as much of SQS's JSON protocol as is needed, and answers what a test tells it to. */
export interface FakeSqs {
  readonly endpoint: string;
  readonly requests: FakeRequest[];
  /** The answer to GetQueueAttributes, for each queue's name, and for all others. */
  readonly queues: Map<string, FakeAnswer>;
  answer: FakeAnswer;
  /** The answer to GetQueueUrl, unless it is the URL. */
  urlAnswer: FakeAnswer | undefined;
}

/** How many messages a queue has, by SQS's names. */
export function counts(ready: unknown, inFlight: unknown = 0, delayed: unknown = 0): FakeAnswer {
  const all = {
    ApproximateNumberOfMessages: ready,
    ApproximateNumberOfMessagesNotVisible: inFlight,
    ApproximateNumberOfMessagesDelayed: delayed,
  };
  const written = Object.entries(all).map(([name, count]) => [
    name,
    typeof count === "number" ? String(count) : count,
  ]);
  return { attributes: Object.fromEntries(written) };
}

/** Starts a server that is gone when the test is; the environment has credentials for it and nothing else of AWS. */
export async function startFakeSqs(answer: FakeAnswer = counts(0)): Promise<FakeSqs> {
  stubAws({ AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "s3cret" });
  const requests: FakeRequest[] = [];
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake: FakeSqs = { endpoint, requests, queues: new Map(), answer, urlAnswer: undefined };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request;
    const body = await text(request);
    const target = headers["x-amz-target"];
    if (target === undefined) return assumeRole(body, headers.authorization ?? "", response);
    const action = String(target).replace("AmazonSQS.", "");
    const input = JSON.parse(body) as Record<string, unknown>;
    requests.push({ action, input, authorization: headers.authorization ?? "" });
    const isUrl = action === "GetQueueUrl";
    const name = String(input["QueueUrl"]).split("/").at(-1) ?? "";
    const given = isUrl ? fake.urlAnswer : (fake.queues.get(name) ?? fake.answer);
    if (typeof given === "function") given(request, response);
    else if (given === undefined)
      say(response, 200, { QueueUrl: `${endpoint}/123456789012/${String(input["QueueName"])}` });
    else if ("attributes" in given)
      say(response, 200, { Attributes: pick(given.attributes, input) });
    else {
      const { type, status = 400, message = "No." } = given;
      say(response, status, { __type: `com.amazonaws.sqs#${type}`, message });
    }
  }

  /** STS speaks another protocol: forms and XML. */
  function assumeRole(form: string, authorization: string, response: ServerResponse): void {
    const input = Object.fromEntries(new URLSearchParams(form));
    const action = input["Action"] ?? "";
    requests.push({ action, input, authorization });
    response.writeHead(200, { "content-type": "text/xml" });
    response.end(
      `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t0ken</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`,
    );
  }

  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return fake;
}

function say(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
  response.end(JSON.stringify(answer));
}

/** As SQS does: what was asked for, and no more. */
function pick(all: Readonly<Record<string, unknown>>, input: FakeRequest["input"]): object {
  const names = input["AttributeNames"] as string[];
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

/** Takes all that the SDK would find away from it but these variables. */
export function stubAws(variables: Readonly<Record<string, string>> = {}): void {
  for (const name of Object.keys(process.env))
    if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", "/nonesuch/config");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonesuch/credentials");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** A context whose log a test can read. */
export function createContext(): PluginContext & { clock: TestClock; lines: string[] } {
  const lines: string[] = [];
  const log = (message: string, fields?: LogFields): void => {
    lines.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  return { clock: createTestClock(), logger, lines };
}

/** A metric from options as they are written; it is closed when the test ends. */
export async function makeMetric(
  written: object,
  context: PluginContext = createContext(),
): Promise<Metric<SqsQuery>> {
  const region = "eu-west-1";
  const checked = await plugin.options["~standard"].validate({ region, ...written });
  if (checked.issues !== undefined) throw new Error(checked.issues[0]?.message);
  const metric = plugin.create(checked.value, context);
  onTestFinished(() => metric.close());
  return metric;
}

/** Reads queues, as written in a config. */
export async function read(
  metric: Metric<SqsQuery>,
  queries: readonly object[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly ReadingResult[]> {
  const checked = queries.map(async (written) => {
    const { value, issues } = (await plugin.query["~standard"].validate(written)) as {
      value: SqsQuery;
      issues?: readonly { message: string }[];
    };
    if (issues !== undefined) throw new Error(issues[0]?.message);
    return { task: "worker", query: value };
  });
  return metric.read(await Promise.all(checked), signal);
}

/** Reads one queue. */
export async function readOne(
  metric: Metric<SqsQuery>,
  query: object = { queue: "jobs" },
): Promise<ReadingResult> {
  const [result] = await read(metric, [query]);
  if (result === undefined) throw new Error("expected one result, found none");
  return result;
}
