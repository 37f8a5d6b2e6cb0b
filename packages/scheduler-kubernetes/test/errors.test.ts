import { describe, expect, it } from "vitest";

import { ApiFailure, failureOf, toApiError } from "../src/errors.ts";

const access = { verb: "patch", group: "apps", resource: "deployments/scale", namespace: "mail" };
const purpose = { doing: "scale Deployment mail/worker", access, task: "worker" };

function told(status: number, message: string): ReturnType<typeof toApiError> {
  const failure = new ApiFailure({ status, body: JSON.stringify({ message, reason: "Because" }) });
  return toApiError(failure, "https://cluster", purpose);
}

describe("what the API server answers", () => {
  it.each([
    [401, "Unauthorized", "ERR_SCHEDULER_REFUSED", /refuses the credentials.*renew/],
    [
      404,
      "not found",
      "ERR_OBJECT_MISSING",
      /cannot scale Deployment mail\/worker.*create the object/,
    ],
    [429, "slow down", "ERR_SCHEDULER_UNREACHABLE", /too busy/],
    [422, "must be ≥ 0", "ERR_SCHEDULER_REFUSED", /could not scale.*422, must be/],
    [503, "starting", "ERR_SCHEDULER_UNREACHABLE", /too busy/],
  ])("%d is told with the task, its words and what to do", (status, words, code, expected) => {
    const error = told(status, words);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(expected);
    expect(error.message).toMatch(/^task "worker": Kubernetes at https:\/\/cluster .*/);
    expect(failureOf(error)).toMatchObject({ status, reason: "Because" });
  });

  it("names the rule to add when RBAC forbids it", () => {
    expect(told(403, 'User "me" cannot patch resource').message).toContain(
      `; add to the agent's Role in namespace mail: { apiGroups: ["apps"], resources: ["deployments/scale"], verbs: ["patch"] }`,
    );
  });

  it("names no rule when an admission plugin forbids it", () => {
    const { message } = told(403, "admission webhook denied the request: freeze");
    expect(message).toContain("freeze");
    expect(message).not.toContain("apiGroups");
  });

  it("is kept short when it is no JSON at all", () => {
    const failure = new ApiFailure({ status: 502, body: "<html>".repeat(1000), retryAfter: "3" });
    expect(failure.message.length).toBeLessThanOrEqual(300);
    expect(failure.retryAfterMs).toBe(3000);
  });
});

describe("no answer", () => {
  it("is told with the innermost words", () => {
    const error = new Error("fetch failed", {
      cause: new AggregateError([new Error("connect ECONNREFUSED")]),
    });
    expect(toApiError(error, "https://cluster", purpose)).toMatchObject({
      code: "ERR_SCHEDULER_UNREACHABLE",
      message: expect.stringContaining("connect ECONNREFUSED"),
    });
  });

  it("for a certificate that is not trusted says what to correct", () => {
    const error = new Error("self-signed certificate in certificate chain");
    expect(toApiError(error, "https://cluster", purpose)).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining("certificate-authority"),
    });
  });
});
