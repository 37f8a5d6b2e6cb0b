import { RestError } from "@azure/storage-queue";
import { expect, test } from "vitest";
import type { ReadingResult } from "@microscaling/core";
import { explain as explainAt } from "../src/errors.ts";
import { createSignIn } from "../src/client.ts";
import { all, createContext, failure, startFakeServer, text, type Answer } from "./fake-server.ts";
import { KEY, makeKeyMetric, makeMetric, readOne } from "./make.ts";

const half: Answer = (_, response) => {
  response.writeHead(200, { "content-length": "100", "x-ms-approximate-messages-count": "7" });
  response.write("abc", () => response.destroy());
};

const notHttp: Answer = (request) => void request.socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n");

const list = (body: string): Answer => text(200, `<?xml version="1.0"?>${body}`);

/** The message of a failure with this code, in which there is no secret. */
function messageOf(result: ReadingResult, code: string): string {
  expect(result).toMatchObject({ kind: "failure", error: { name: "MicroscalingError", code } });
  const { error } = result as { error: Error };
  // What the client throws has the request with its signature in it.
  expect(error.cause).toBeUndefined();
  expect(JSON.stringify([error.message, error])).not.toMatch(/sig=|SharedKey|SECRET/);
  expect(error.message).not.toContain(KEY);
  return error.message;
}

// Each is what Azure does, the error's code, and what its message says besides the queue and the account.
const failures: [string, Answer, string, RegExp][] = [
  [
    "no count",
    text(200),
    "ERR_METRIC_RESPONSE",
    /x-ms-approximate-messages-count to be a whole number ≥ 0, found nothing/,
  ],
  ["an empty count", all(""), "ERR_METRIC_RESPONSE", /found nothing/],
  ["a count of words", all("many"), "ERR_METRIC_RESPONSE", /a whole number ≥ 0, found "many"/],
  ["a count below 0", all(-1), "ERR_METRIC_RESPONSE", /found "-1"/],
  ["a broken count", all(1.5), "ERR_METRIC_RESPONSE", /found "1.5"/],
  ["half an answer", half, "ERR_METRIC_RESPONSE", /the answer broke off/],
  ["no HTTP", notHttp, "ERR_METRIC_RESPONSE", /expected HTTP, found something else/],
  ["500", failure(500, "InternalError"), "ERR_METRIC_RESPONSE", /found 500 InternalError/],
  ["502 of a proxy", text(502, "<html><br></html>"), "ERR_METRIC_UNREACHABLE", /found 502$/],
  ["400", failure(400, "InvalidUri"), "ERR_METRIC_RESPONSE", /found 400 InvalidUri/],
  ["404 of something else", text(404, "{}"), "ERR_METRIC_RESPONSE", /expected 200 .* found 404$/],
  [
    "no such queue",
    failure(404, "QueueNotFound"),
    "ERR_QUEUE_MISSING",
    /404 QueueNotFound: no such queue\. Create the queue, or correct `queue`/,
  ],
  [
    "a wrong key",
    failure(
      403,
      "AuthenticationFailed",
      "<AuthenticationErrorDetail>The MAC signature found in the HTTP request 'SECRET' …</AuthenticationErrorDetail>",
    ),
    "ERR_METRIC_REFUSED",
    /403 AuthenticationFailed: the key does not belong to the account\. Check `key`/,
  ],
  [
    "a firewall",
    failure(403, "AuthorizationFailure"),
    "ERR_METRIC_REFUSED",
    /not permitted\. Check the networks/,
  ],
  [
    "an account that takes no keys",
    failure(403, "KeyBasedAuthenticationNotPermitted"),
    "ERR_METRIC_REFUSED",
    /refuses keys.*Use `identity`/,
  ],
  ["a disabled account", failure(403, "AccountIsDisabled"), "ERR_METRIC_REFUSED", /is disabled/],
  ["another refusal", text(403, "no"), "ERR_METRIC_REFUSED", /403: check `key`/],
  ["401", failure(401, "NoAuthenticationInformation"), "ERR_METRIC_REFUSED", /401 .*check `key`/],
  ["503", failure(503, "ServerBusy"), "ERR_METRIC_THROTTLED", /503 ServerBusy: too many requests/],
  ["503 without words", text(503), "ERR_METRIC_THROTTLED", /503: too many requests/],
  ["429", text(429), "ERR_METRIC_THROTTLED", /429: too many requests/],
  ["a timeout", failure(500, "OperationTimedOut"), "ERR_METRIC_THROTTLED", /500 OperationTimedOut/],
  [
    "an end before the answer",
    (_, response) => void response.destroy(),
    "ERR_METRIC_UNREACHABLE",
    /cannot be reached \(socket hang up, ECONNRESET\)/,
  ],
];

test.each(failures)("%s is a failure that says so", async (_, answer, code, words) => {
  const azure = await startFakeServer(answer);
  const context = createContext();
  const metric = await makeKeyMetric(azure.endpoint, context);
  const message = messageOf(await readOne(metric), code);
  expect(message).toMatch(words);
  expect(message).toContain(`queue jobs: ${azure.address}: `);
  // One request for each reading: the client must not try again by itself.
  expect(azure.requests).toHaveLength(1);
  // The next answer is read as if nothing had been.
  azure.answer = all(2);
  await context.clock.advance(60_000);
  expect(await readOne(metric)).toMatchObject({ kind: "reading", value: 2 });
});

test.each([
  ["HTML", text(200, "<html></html>")],
  ["nothing", text(200)],
  ["JSON", text(200, "{}")],
  ["a list that is cut", list("<QueueMessagesList><QueueMessage><MessageId>a")],
  ["a list that is cut at its beginning", list("<QueueMessagesList>")],
])("%s instead of a list of messages is a failure, not 0", async (_, answer) => {
  const azure = await startFakeServer(answer);
  const metric = await makeKeyMetric(azure.endpoint);
  const result = await readOne(metric, "jobs:visible");
  expect(messageOf(result, "ERR_METRIC_RESPONSE")).toMatch(/expected a complete list of messages/);
});

test("a server that is not there", async () => {
  const azure = await startFakeServer(all(1));
  const metric = await makeKeyMetric(azure.endpoint);
  await azure.close();
  expect(messageOf(await readOne(metric), "ERR_METRIC_UNREACHABLE")).toMatch(
    /cannot be reached \(.*REFUSED/,
  );
});

const byIdentity = createSignIn({ account: "store", identity: true });
const explain = (error: unknown): Error =>
  explainAt(error, "store.queue.core.windows.net", byIdentity, 0);

test("an account that is not there: its name is asked about", () => {
  const error = new RestError("getaddrinfo ENOTFOUND store", { code: "ENOTFOUND" });
  expect(explain(error)).toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
    message: expect.stringMatching(
      /^store\.queue\.core\.windows\.net: .*ENOTFOUND.*\. Check `account`/,
    ) as unknown,
  });
});

test.each([
  ["AuthorizationPermissionMismatch", /Give the identity the role "Storage Queue Data Reader"/],
  ["AuthenticationFailed", /the token is not valid for the account/],
])("with an identity, %s says what the identity needs", (errorCode, words) => {
  const error = new RestError("no", { statusCode: 403 });
  error.details = { errorCode };
  expect(explain(error)).toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringMatching(words) as unknown,
  });
});

test("TLS that fails is a refusal", () => {
  const error = new RestError("self-signed", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  expect(explain(error)).toMatchObject({
    code: "ERR_METRIC_REFUSED",
    message: expect.stringMatching(/TLS failed \(self-signed\)\. Check `endpoint`/) as unknown,
  });
});

test.each([301, 302, 307])("a redirect (%i) to another server is not followed", async (status) => {
  const other = await startFakeServer(all(9));
  const location = `${other.endpoint}/jobs?sig=SECRET`;
  const azure = await startFakeServer(text(status, "", { location }));
  const metric = await makeKeyMetric(azure.endpoint);
  const { host } = new URL(other.endpoint);
  const words = new RegExp(
    `redirected to ${host} \\(${status}\\), where the credentials are not sent`,
  );
  expect(messageOf(await readOne(metric), "ERR_METRIC_RESPONSE")).toMatch(words);
  expect(other.requests).toEqual([]);
});

test.each([
  [-20, "20m behind"],
  [20, "20m ahead of"],
])("a clock that is %i minutes off is told as what it is", async (minutes, words) => {
  const context = createContext();
  const date = new Date(context.clock.now() - minutes * 60_000).toUTCString();
  const azure = await startFakeServer((request, response) => {
    response.setHeader("date", date);
    failure(403, "AuthenticationFailed")(request, response);
  });
  const metric = await makeKeyMetric(azure.endpoint, context);
  expect(messageOf(await readOne(metric), "ERR_METRIC_REFUSED")).toMatch(
    new RegExp(`this machine's clock is ${words} Azure's`),
  );
});

test.each([
  ["AuthenticationFailed", /signature is not valid or has expired\. Check `sas`/],
  ["AuthorizationPermissionMismatch", /not permitted\. `sas` must allow reading \(sp=r\)/],
  ["AuthorizationServiceMismatch", /ss=q, srt=co/],
])("with a SAS, %s says what the SAS needs", async (code, words) => {
  const azure = await startFakeServer(failure(403, code));
  const metric = await makeMetric({ endpoint: azure.endpoint, sas: "?sv=2024&sig=SECRET%3D" });
  expect(messageOf(await readOne(metric), "ERR_METRIC_REFUSED")).toMatch(words);
  expect(azure.requests[0]).toMatchObject({
    url: expect.stringContaining("/jobs?sv=2024&sig=SECRET%3D&comp=metadata") as unknown,
    authorization: undefined,
  });
});
