import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestClock } from "@microscaling/conformance";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createConnection, type Connection } from "../src/connection.ts";
import type { KubernetesOptions } from "../src/options.ts";
import { never } from "./support.ts";

/** Nobody listens there, and nobody is asked. */
const SERVER = "https://127.0.0.1:1";

let folder: string;
let kubeconfig: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "microscaling-kubeconfig-"));
  kubeconfig = join(folder, "config");
  await writeFile(
    kubeconfig,
    `
apiVersion: v1
kind: Config
clusters:
  - { name: one, cluster: { server: "${SERVER}" } }
users:
  - { name: me, user: { token: my-secret-token } }
contexts:
  - { name: plain, context: { cluster: one, user: me } }
  - { name: staging, context: { cluster: one, user: me, namespace: staging } }
current-context: plain
`,
  );
});
afterEach(() => rm(folder, { recursive: true }));

const connect = (options: KubernetesOptions): Connection =>
  createConnection(options, createTestClock());

describe("the namespace of tasks that do not say theirs", () => {
  it.each([
    ["default, when nothing says one", {}, "default"],
    ["the context's", { context: "staging" }, "staging"],
    ["the option's first of all", { context: "staging", namespace: "mine" }, "mine"],
  ])("is %s", async (_, options, expected) => {
    expect(await connect({ kubeconfig, ...options }).namespace()).toBe(expected);
  });
});

describe("a kubeconfig that cannot be used", () => {
  it("is named, and what to correct", async () => {
    const lost = connect({ kubeconfig: join(folder, "lost") });
    await expect(lost.namespace()).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(/lost cannot be used: ENOENT.*correct scheduler\.kubeconfig/),
    });
  });

  it("is used once it is there", async () => {
    const path = join(folder, "later");
    const later = connect({ kubeconfig: path });
    await expect(later.namespace()).rejects.toMatchObject({ code: "ERR_SCHEDULER_REFUSED" });
    await writeFile(
      path,
      JSON.stringify({
        clusters: [{ name: "one", cluster: { server: SERVER } }],
        contexts: [{ name: "x", context: { cluster: "one", user: "me", namespace: "found" } }],
        "current-context": "x",
      }),
    );
    expect(await later.namespace()).toBe("found");
  });

  it("says which contexts there are", async () => {
    const wrong = connect({ kubeconfig, context: "prod" });
    await expect(wrong.namespace()).rejects.toMatchObject({
      message: expect.stringMatching(/found "prod"; known contexts: "plain", "staging"/),
    });
  });
});

describe("an exec plugin", () => {
  it("is run once for all requests that need it at the same time", async () => {
    const runs = join(folder, "runs");
    const credential = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}`;
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "/bin/sh",
      args: ["-c", `echo run >> '${runs}'; printf '${credential}'`],
    };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: "one", cluster: { server: SERVER } }],
        users: [{ name: "me", user: { exec } }],
        contexts: [{ name: "x", context: { cluster: "one", user: "me" } }],
        "current-context": "x",
      }),
    );
    const connection = connect({ kubeconfig });
    const request = { doing: "tell its version", path: "/version" };
    await Promise.allSettled(Array.from({ length: 20 }, () => connection.ask(request, never)));
    expect(await readFile(runs, "utf8")).toBe("run\n");
    await connection.close();
  });
});

describe("a server that is not there", () => {
  it("is named, without any secret", async () => {
    const connection = connect({ kubeconfig });
    const error: unknown = await connection
      .ask({ doing: "tell its version", path: "/version" }, never)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "ERR_SCHEDULER_UNREACHABLE",
      message: expect.stringContaining(`Kubernetes at ${SERVER} does not answer`),
    });
    expect(String(error)).not.toContain("my-secret-token");
    await connection.close();
  });

  it("is not asked any more after close", async () => {
    const connection = connect({ kubeconfig });
    await connection.close();
    await connection.close();
    const asked = connection.ask({ doing: "tell its version", path: "/version" }, never);
    await expect(asked).rejects.toThrow("closed");
  });
});
