/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import {
  askDocker,
  buildNsq,
  buildWorkerImage,
  createChannel,
  emptyChannel,
  publish,
  startDocker,
  startNsqd,
  WORKER_IMAGE,
  type DockerServer,
  type Nsqd,
} from "@microscaling/test-servers";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { folderWith, start, stopAgent } from "./cli/program.ts";
import { expectSameDecisions } from "./replay.ts";
import { untilRunning } from "./until.ts";

const LABEL = "com.microscaling.microscaling-in-a-box";

let docker: DockerServer;
let nsqd: Nsqd;
/** The most containers that were ever seen at once. */
let most = 0;

beforeAll(async () => {
  await buildNsq();
  docker = await startDocker();
  await buildWorkerImage(docker.host);
});

afterAll(async () => {
  await docker.stop();
});

interface Container {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
}

async function containers(): Promise<readonly Container[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [LABEL] }));
  const answer = await askDocker(docker.host, { path: `/containers/json?filters=${filters}` });
  const found = JSON.parse(answer) as readonly Container[];
  most = Math.max(most, found.length);
  return found;
}

async function running(): Promise<Record<string, number>> {
  const counts: Record<string, number> = { consumer: 0, batch: 0 };
  for (const { Labels } of await containers())
    counts[Labels[LABEL]!] = (counts[Labels[LABEL]!] ?? 0) + 1;
  return counts;
}

const until = (consumer: number, batch: number): Promise<void> =>
  untilRunning(running, { consumer, batch });

function config(shutdown = "leave"): string {
  return `
scheduler: { use: docker, host: "${docker.host}" }
capacity: { instances: 10 }
metrics:
  nsq: { nsqd: ["${nsqd.http}"], interval: 100ms }
tasks:
  consumer:
    priority: 1
    instances: { min: 1, max: 8 }
    workload: { image: ${WORKER_IMAGE}, network: host, stop: { grace: 1s } }
    metric: { use: nsq, topic: demo, channel: demo }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    workload: { image: ${WORKER_IMAGE}, network: host, stop: { grace: 1s } }
    target: { use: remainder }
shutdown: ${shutdown}
http: { port: 0 }
`;
}

describe("one agent on a real nsqd and a real Docker Engine", () => {
  beforeAll(async () => {
    nsqd = await startNsqd();
    await createChannel(nsqd, "demo", "demo");
  });
  afterAll(() => nsqd.stop());
  afterEach(async () => {
    for (const { Id } of await containers())
      await askDocker(docker.host, { method: "DELETE", path: `/containers/${Id}?force=1&v=1` });
    await emptyChannel(nsqd, "demo", "demo");
    most = 0;
  });

  it("scales up, preempts the remainder, scales down, and leaves the workers when it is stopped", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await until(1, 9);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    await emptyChannel(nsqd, "demo", "demo");
    await until(1, 9);
    expect(most).toBeLessThanOrEqual(10);
    await stopAgent(agent);
    expect(await running()).toEqual({ consumer: 1, batch: 9 });
  });

  it("loses nothing when the agent is killed in mid-scale", async () => {
    const folder = folderWith(config());
    const first = start(folder, ["run"]);
    await until(1, 9);
    await publish(nsqd, "demo", 1000);
    await first.line("batch 9 → ");
    first.child.kill("SIGKILL");
    await first.ended;
    const second = start(folder, ["run"]);
    await until(8, 2);
    expect(most).toBeLessThanOrEqual(10);
    await stopAgent(second);
  });

  it("holds while nsqd is gone, says so, and goes on when it is back", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    await nsqd.halt();
    await agent.line("held");
    expect(await running()).toEqual({ consumer: 8, batch: 2 });
    await nsqd.restart();
    await emptyChannel(nsqd, "demo", "demo");
    await until(1, 9);
    await stopAgent(agent);
  });

  it("survives a restart of the Docker Engine", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    await docker.restart();
    await until(8, 2);
    await stopAgent(agent);
  });

  it("drains with shutdown: drain", async () => {
    const agent = start(folderWith(config("drain")), ["run"]);
    await until(1, 9);
    await stopAgent(agent);
    expect(await running()).toEqual({ consumer: 0, batch: 0 });
  });

  it("keeps to a latency target, and its record replays to the same decisions", async () => {
    const folder = folderWith(
      config().replace("use: queue, length: 10", "use: latency, within: 2s"),
    );
    const agent = start(folder, ["run", "--record", "live.jsonl"]);
    await until(1, 9);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    expect(most).toBeLessThanOrEqual(10);
    await stopAgent(agent);
    const turns = await expectSameDecisions(join(folder, "live.jsonl"));
    expect(turns.some(([consumer]) => consumer?.granted === 8)).toBe(true);
    expect(turns.some(([consumer]) => consumer?.belief?.arrivalRate !== undefined)).toBe(true);
  });

  it("shares what the Docker Engine says it has", async () => {
    const { NCPU: cpus } = JSON.parse(await askDocker(docker.host, { path: "/info" })) as {
      NCPU: number;
    };
    const yaml = config()
      .replace("{ instances: 10 }", "{ instances: 10, cpu: scheduler }")
      .replaceAll("    workload:", `    uses: { cpu: ${cpus / 4} }\n    workload:`);
    const agent = start(folderWith(yaml), ["run"]);
    await until(1, 3);
    await stopAgent(agent);
  });

  it("lets a task with a missing image say so, and the others go on", async () => {
    const broken = config().replace(`image: ${WORKER_IMAGE}`, "image: no-such-image, pull: never");
    const agent = start(folderWith(broken), ["run"]);
    onTestFinished(() => void agent.child.kill("SIGKILL"));
    await agent.line("no-such-image");
    // It holds no room that it cannot use.
    await until(0, 10);
    await stopAgent(agent);
  });
});
