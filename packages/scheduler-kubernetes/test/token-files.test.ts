import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@microscaling/core";
import { expect, it, onTestFinished, vi } from "vitest";

import { createConnection, type Connection } from "../src/connection.ts";
import { never } from "./support.ts";
import { startTlsServer } from "./tls-server.ts";

const VERSION = { doing: "tell its version", path: "/version" };

/** A server that accepts one token, which `accept` names. The client gets its own from a file. */
async function begin(): Promise<{
  connection: Connection;
  tokenFile: string;
  accept: (token: string) => void;
}> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-token-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, "token");
  let good = "first";
  const server = await startTlsServer(
    folder,
    (stream, { authorization }) => {
      stream.respond({ ":status": authorization === `Bearer ${good}` ? 200 : 401 });
      stream.end("{}");
    },
    { tokenFile },
  );
  const connection = createConnection({ kubeconfig: server.kubeconfig }, systemClock);
  onTestFinished(() => connection.close());
  const accept = (token: string): void => void (good = token);
  return { connection, tokenFile, accept };
}

it.each([
  ["was empty", "", /token: expected a token, found an empty file/],
  ["held garbage", "\u0000\u0001 \n\n{", /token: expected a token, found something else/],
  ["held an old one", "older", /refuses the credentials/],
])("uses a new token at once although the file %s before", async (_, bad, expected) => {
  const { connection, tokenFile, accept } = await begin();
  await writeFile(tokenFile, "first\n");
  await connection.ask(VERSION, never);
  accept("second");
  await writeFile(tokenFile, bad);
  for (let time = 0; time < 3; time += 1) {
    await expect(connection.ask(VERSION, never)).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(expected) as unknown,
    });
  }
  await writeFile(tokenFile, "second");
  await connection.ask(VERSION, never);
});

it("says that no kubeconfig was found, and where it looked", async () => {
  const home = await mkdtemp(join(tmpdir(), "microscaling-home-"));
  onTestFinished(() => rm(home, { recursive: true }));
  vi.stubEnv("HOME", home);
  vi.stubEnv("KUBECONFIG", undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
  const connection = createConnection({}, systemClock);
  await expect(connection.ask(VERSION, never)).rejects.toMatchObject({
    code: "ERR_SCHEDULER_REFUSED",
    message: expect.stringMatching(
      /no kubeconfig.*\$KUBECONFIG.*\.kube\/config.*not run in a pod.*scheduler\.kubeconfig/,
    ) as unknown,
  });
});

it("says what to set for a server without TLS", async () => {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-plain-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "config");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "one", cluster: { server: "http://127.0.0.1:1" } }],
      contexts: [{ name: "x", context: { cluster: "one", user: "me" } }],
      "current-context": "x",
    }),
  );
  const connection = createConnection({ kubeconfig }, systemClock);
  await expect(connection.ask(VERSION, never)).rejects.toMatchObject({
    code: "ERR_SCHEDULER_REFUSED",
    message: expect.stringMatching(/http:\/\/127\.0\.0\.1:1.*insecure-skip-tls-verify/) as unknown,
  });
});
