import { connect } from "node:net";
import { MicroscalingError } from "@microscaling/core";
import { expect, test } from "vitest";
import { errorAt, linesOf, networkFault, wordsOf } from "../src/index.ts";

const failure = (message: string, code: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

const settings = { address: "`url`", tls: "`tls`" };

test.each([
  ["certificate has expired", "CERT_HAS_EXPIRED"],
  ["self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ["unable to verify the first certificate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ["Hostname/IP does not match", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["write EPROTO", "EPROTO"],
])("%s is TLS that failed", (message, code) => {
  expect(networkFault(failure(message, code), settings)).toEqual({
    kind: "refused",
    text: `TLS failed (${message}). Check \`tls\``,
  });
});

test("a server that is not there, by whatever hides it", () => {
  const refused = failure("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED");
  const text = "cannot be reached (connect ECONNREFUSED 127.0.0.1:1)";
  expect(networkFault(refused)).toEqual({ kind: "unreachable", text });
  expect(networkFault(new TypeError("fetch failed", { cause: refused }))?.text).toBe(text);
  // Node's own when a host has several addresses: its message is empty.
  const several = Object.assign(new AggregateError([refused]), { code: "ECONNREFUSED" });
  expect(networkFault(several)?.text).toBe("cannot be reached (ECONNREFUSED)");
  expect(networkFault(failure("socket hang up", "ECONNRESET"))?.text).toBe(
    "cannot be reached (socket hang up, ECONNRESET)",
  );
});

test("what Node itself gives", async () => {
  const error = await new Promise((resolve) => connect(1, "127.0.0.1").on("error", resolve));
  expect(networkFault(error)).toMatchObject({ kind: "unreachable" });
});

test.each([
  ["ENOTFOUND", "unreachable", "no such host (words). Check `url`"],
  ["HPE_INVALID_CONSTANT", "unusable", "expected HTTP, found something else. Check `url`"],
  ["ENOENT", "refused", "words"],
] as const)("%s is %s", (code, kind, text) => {
  expect(networkFault(failure("words", code), settings)).toEqual({ kind, text });
});

test("file descriptors that are used up are said to be", () => {
  const fault = networkFault(failure("connect EMFILE", "EMFILE"), settings);
  expect(fault?.text).toMatch(/^the agent has no file descriptors left.*\(connect EMFILE\)$/);
});

test("other errors are not the network's", () => {
  for (const other of [new Error("no"), failure("no", "ERR_INVALID_URL"), "no", undefined, null])
    expect(networkFault(other)).toBeUndefined();
});

test("an error of ours gets its place, another one its place and its words", () => {
  const ours = new MicroscalingError("ERR_QUEUE_MISSING", "no such queue", { details: ["a"] });
  expect(errorAt("metric", "queue jobs", ours)).toMatchObject({
    code: "ERR_QUEUE_MISSING",
    message: "queue jobs: no such queue",
    details: ["a"],
  });
  expect(errorAt("scheduler", "here", new Error("one\ntwo"))).toMatchObject({
    code: "ERR_SCHEDULER_REFUSED",
    message: "here: one",
  });
  expect(errorAt("metric", "here", failure("no", "ETIMEDOUT"))).toMatchObject({
    code: "ERR_METRIC_UNREACHABLE",
  });
});

test("words are one line, and not too long", () => {
  expect(wordsOf(new Error(`${"x".repeat(300)}\nmore`))).toHaveLength(200);
  expect(linesOf("a\nb")).toEqual(["a", "b"]);
});
