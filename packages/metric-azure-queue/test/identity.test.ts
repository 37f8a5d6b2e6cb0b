import { expect, test, vi } from "vitest";
import { makeMetric, readOne } from "./make.ts";

const getToken = vi.hoisted(() =>
  vi.fn<(scopes: unknown, options: { abortSignal?: AbortSignal }) => Promise<unknown>>(),
);
vi.mock("@azure/identity", () => ({
  DefaultAzureCredential: class {
    getToken = getToken;
  },
}));

test("an identity that gets no token is refused, with the reason and what was tried", async () => {
  getToken.mockRejectedValue(new Error("Chain failed.\nEnvironment: no\nWorkload: no"));
  const metric = await makeMetric({ identity: true, endpoint: "https://127.0.0.1:1/store" });
  expect(await readOne(metric)).toMatchObject({
    kind: "failure",
    error: {
      code: "ERR_METRIC_REFUSED",
      message: "queue jobs: 127.0.0.1:1/store: `identity`: no token available: Chain failed.",
      details: ["Environment: no", "Workload: no"],
    },
  });
});

test("a token that takes longer than a read may is not given up with the read", async () => {
  const token = Promise.withResolvers<unknown>();
  getToken.mockReset().mockImplementation((_, { abortSignal }) => {
    abortSignal?.addEventListener("abort", () => token.reject(new Error("given up")));
    return token.promise;
  });
  const metric = await makeMetric({ identity: true, endpoint: "https://127.0.0.1:1/store" });
  const deadline = new AbortController();
  const read = readOne(metric, "jobs", deadline.signal);
  await vi.waitUntil(() => getToken.mock.calls.length === 1);
  deadline.abort(new Error("too late"));
  await expect(read).rejects.toThrow("too late");
  const next = readOne(metric);
  token.resolve({ token: "SECRET", expiresOnTimestamp: Number.MAX_SAFE_INTEGER });
  // The token is there, so that now the server is asked.
  expect(await next).toMatchObject({ error: { code: "ERR_METRIC_UNREACHABLE" } });
  expect(getToken).toHaveBeenCalledTimes(1);
});
