/* oxlint-disable vitest/expect-expect -- `until` and `line` are what is expected */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  buildNsq,
  createChannel,
  emptyChannel,
  publish,
  startMarathon,
  startNsqd,
  type Marathon,
  type MarathonOptions,
  type Nsqd,
} from "@microscaling/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { folderWith, start, stopAgent } from "./cli/program.ts";
import { untilRunning, type Running } from "./until.ts";

const CONSUMER = "/prod/consumer";
const BATCH = "/prod/batch";

let nsqd: Nsqd;
let marathon: Marathon;
/** The most instances that were ever seen at once. */
let most = 0;

const settings: MarathonOptions = {
  // A deployment takes its time, and longer than its tasks.
  stagingMs: 100,
  killMs: 100,
  checkMs: 150,
  masters: 2,
  auth: { basic: { username: "scaler", password: "open-sesame" } },
  apps: [{ id: CONSUMER }, { id: BATCH }],
};

beforeAll(async () => {
  await buildNsq();
  nsqd = await startNsqd();
  await createChannel(nsqd, "demo", "demo");
});
afterAll(() => nsqd.stop());

beforeEach(async () => {
  most = 0;
  marathon = await startMarathon(settings);
});
afterEach(async () => {
  await marathon.stop();
  await emptyChannel(nsqd, "demo", "demo");
});

function running(): { consumer: number; batch: number } {
  const [consumer, batch] = [CONSUMER, BATCH].map((id) => marathon.tasks(id));
  most = Math.max(most, (consumer?.length ?? 0) + (batch?.length ?? 0));
  const up = (tasks = consumer): number =>
    tasks?.filter(({ state }) => state === "TASK_RUNNING").length ?? 0;
  return { consumer: up(consumer), batch: up(batch) };
}

const until = (consumer: number, batch: number): Promise<void> =>
  untilRunning(running, { consumer, batch });

function config({ shutdown = "leave", password = "open-sesame", batch = BATCH } = {}): string {
  return `
scheduler:
  use: marathon
  url: ${JSON.stringify(marathon.urls)}
  username: scaler
  password: ${password}
capacity: { instances: 10 }
metrics:
  nsq: { nsqd: ["${nsqd.http}"], interval: 100ms }
tasks:
  consumer:
    priority: 1
    instances: { min: 1, max: 8 }
    workload: { app: ${CONSUMER}, kill: oldest }
    metric: { use: nsq, topic: demo, channel: demo }
    target: { use: queue, length: 10 }
  batch:
    priority: 2
    workload: { app: ${batch} }
    target: { use: remainder }
shutdown: ${shutdown}
http: { port: 0 }
`;
}

describe("one agent on a real nsqd and the Marathon test server", () => {
  it("scales up, preempts the remainder, scales down, and leaves the instances when it is stopped", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await until(1, 9);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    await emptyChannel(nsqd, "demo", "demo");
    await until(1, 9);
    expect(most).toBeLessThanOrEqual(10);
    await stopAgent(agent);
    expect(running()).toEqual({ consumer: 1, batch: 9 });
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

  it("waits for somebody else's deployment, and goes on as soon as it ends", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await until(1, 9);
    const deployment = marathon.deploy(BATCH);
    await publish(nsqd, "demo", 1000);
    await agent.line("batch 9 → ");
    deployment.end();
    await until(8, 2);
    expect(marathon.requests.filter(({ path }) => path.includes("force=true"))).toEqual([]);
    await stopAgent(agent);
  });

  it("says that Marathon is away, and goes on when it is back", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await until(1, 9);
    marathon.fault("refuse");
    await agent.line("counts unknown");
    await publish(nsqd, "demo", 1000);
    marathon.fault(undefined);
    await until(8, 2);
    expect(most).toBeLessThanOrEqual(10);
    await stopAgent(agent);
  });

  it("goes on with the next master when the leader dies", async () => {
    const agent = start(folderWith(config()), ["run"]);
    await until(1, 9);
    await marathon.stopMaster(0);
    marathon.elect(1);
    await publish(nsqd, "demo", 1000);
    await until(8, 2);
    await stopAgent(agent);
  });

  it("scales nothing with wrong credentials, says so without them, and goes on with the right ones", async () => {
    const folder = folderWith(config({ password: "let-me-in" }));
    const agent = start(folder, ["run"]);
    const line = await agent.line("answered 401");
    expect(line).toContain("check the credentials");
    expect(line).not.toContain("let-me-in");
    expect(running()).toEqual({ consumer: 0, batch: 0 });
    await stopAgent(agent);
    writeFileSync(join(folder, "microscaling.yaml"), config());
    const right = start(folder, ["run"]);
    await until(1, 9);
    await stopAgent(right);
  });

  it("lets a task whose app is gone say so, and the others go on", async () => {
    const agent = start(folderWith(config({ batch: "/prod/nowhere" })), ["run"]);
    expect(await agent.line("has no app /prod/nowhere")).toContain("batch: ");
    await publish(nsqd, "demo", 1000);
    await until(8, 0);
    await stopAgent(agent);
  });

  it("drains with shutdown: drain", async () => {
    const agent = start(folderWith(config({ shutdown: "drain" })), ["run"]);
    await until(1, 9);
    await stopAgent(agent);
    expect(running()).toEqual({ consumer: 0, batch: 0 });
  });

  it("is driven by the original's variables alone", async () => {
    const open = await startMarathon({ apps: [{ id: "/consumer" }, { id: "/remainder" }] });
    try {
      const message = {
        maxContainers: 10,
        apps: [
          {
            name: "consumer",
            priority: 1,
            minContainers: 1,
            maxContainers: 8,
            ruleType: "Queue",
            metricType: "NSQ",
            config: { targetQueueLength: 10, topicName: "demo", channelName: "demo" },
          },
          { name: "remainder", priority: 2, maxContainers: 10, ruleType: "Remainder" },
        ],
      };
      const agent = start(folderWith(""), ["run"], {
        MSS_SCHEDULER: "MARATHON",
        MSS_MARATHON_API: open.url,
        MSS_CONFIG: "ENVVAR",
        MSS_CONFIG_DATA: JSON.stringify(message),
        MSS_MONITOR: "none",
        MSS_SEND_METRICS_TO_API: "false",
        NSQ_STATS_ENDPOINT: nsqd.http,
      });
      const counts = (): Running => ({
        consumer: open.tasks("/consumer").length,
        remainder: open.tasks("/remainder").length,
      });
      await untilRunning(counts, { consumer: 1, remainder: 9 });
      await stopAgent(agent);
      // The original drained, and so does what is set by its variables.
      expect(open.tasks("/consumer")).toEqual([]);
    } finally {
      await open.stop();
    }
  });
});
