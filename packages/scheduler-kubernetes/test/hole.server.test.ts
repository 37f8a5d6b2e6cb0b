import { createServer, connect, type Socket } from "node:net";
import { once } from "node:events";
import { startKubernetes } from "@microscaling/test-servers";
import { expect, it } from "vitest";
import { createKubernetesScheduler } from "./support.ts";

it("x", async () => {
  const kubernetes = await startKubernetes();
  const port = Number(new URL(kubernetes.url).port);
  const pairs = new Set<[Socket, Socket]>();
  let made = 0;
  const server = createServer((near) => {
    made++;
    const far = connect(port, "127.0.0.1");
    near.on("error", () => {});
    far.on("error", () => {});
    near.pipe(far).pipe(near);
    pairs.add([near, far]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as any).port}`;
  const namespace = await kubernetes.createNamespace();
  const kubeconfig = await kubernetes.writeKubeconfig(kubernetes.token, namespace, url);
  const s = await createKubernetesScheduler({ kubeconfig, namespace });
  const lease = s.lease!("main");
  console.log(await lease.read(new AbortController().signal), made);
  for (const [near, far] of pairs) {
    near.unpipe();
    far.unpipe();
    near.pause();
    far.pause();
  }
  const start = performance.now();
  for (let i = 0; i < 14; i++) {
    const t = performance.now();
    const r = await lease.read(AbortSignal.timeout(5000)).then(String, (e) => "ERR " + e.message);
    console.log(
      Math.round(performance.now() - start),
      Math.round(performance.now() - t),
      r.slice(0, 200),
      "connections",
      made,
    );
    if (!r.startsWith("ERR")) break;
  }
  await s.close();
  await kubernetes.stop();
  expect(1).toBe(1);
}, 200_000);
