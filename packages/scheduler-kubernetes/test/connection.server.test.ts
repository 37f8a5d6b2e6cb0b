import { systemClock } from "@microscaling/core";
import { kubernetesProblem, startKubernetes, type Kubernetes } from "@microscaling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createConnection } from "../src/connection.ts";
import { createGate, type Gate } from "./gate.ts";
import { never } from "./support.ts";

const VERSION = { doing: "tell its version", path: "/version" };
/** Below it nobody could say that there is no answer. */
const DEADLINE_MS = 1500;

describe.skipIf(kubernetesProblem() !== undefined)("the connection to a real API server", () => {
  let kubernetes: Kubernetes;
  let gate: Gate;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    gate = await createGate(Number(new URL(kubernetes.url).port));
  }, 600_000);
  afterAll(async () => {
    await gate.close();
    await kubernetes.stop();
  });

  it("is one for all requests and watches", async () => {
    const kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, "default", gate.url);
    const connection = createConnection({ kubeconfig }, systemClock);
    const before = gate.taken();
    await connection.ask(VERSION, never);
    await connection.follow({ ...VERSION, path: "/api/v1/pods", query: { watch: true } }, never);
    await Promise.all(Array.from({ length: 50 }, () => connection.ask(VERSION, never)));
    expect(gate.taken() - before).toBe(1);
    await connection.close();
  });

  it("is given up when its other end is gone without a word, with its watches", async () => {
    const kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, "default", gate.url);
    const connection = createConnection({ kubeconfig }, systemClock);
    await connection.ask(VERSION, never);
    const watched = { ...VERSION, path: "/api/v1/pods", query: { watch: true } };
    const events = await connection.follow(watched, never);
    const watch = (async () => {
      for await (const event of events) void event;
    })();
    watch.catch(() => {});
    gate.silence();
    for (let time = 0; time < 2; time += 1) {
      const asked = connection.ask(VERSION, AbortSignal.timeout(DEADLINE_MS));
      await expect(asked).rejects.toThrow("timeout");
    }
    await expect(watch).rejects.toBeInstanceOf(Error);
    await expect(connection.ask(VERSION, AbortSignal.timeout(10_000))).resolves.toBeDefined();
    await connection.close();
  });
});
