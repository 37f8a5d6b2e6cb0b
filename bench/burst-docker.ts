// From a burst on a real nsqd to 8 containers running on a real Docker Engine, against creating and starting the same 8 by hand.
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger, systemClock } from "@microscaling/core";
import {
  createEngine,
  type EngineSpec,
  type SourceSpec,
  type TaskSpec,
} from "@microscaling/engine";
import nsqPlugin from "@microscaling/metric-nsq";
import dockerPlugin from "@microscaling/scheduler-docker";
import {
  buildNsq,
  buildWorkerImage,
  createChannel,
  createTopic,
  dockerProblem,
  nsqProblem,
  publish,
  startDocker,
  startNsqd,
  type Nsqd,
} from "@microscaling/test-servers";
import Docker from "dockerode";
import { checked } from "./checked.ts";
import { mean, row, type Row } from "./row.ts";
import { QUEUE, task } from "./tasks.ts";

const CONSUMERS = 8;
const EVICTED = 10;
/**
 * One way's times differ by a quarter from round to round, much of it by drifts that all ways share; so many rounds bring the ratio of
 * their means to within some hundredths.
 */
const ROUNDS = 15;
/** Before each burst everything is idle for this long, in milliseconds, and by chance for up to an interval more. */
const IDLE_MS = 1000;
const MESSAGES = 1000;
const TIMEOUT_MS = 60_000;
/** By which the scheduler knows whose container it is. */
const TASK_LABEL = "com.microscaling.microscaling-in-a-box";
/** The shortest that the engine takes, so that waiting for the next reading hides nothing; and the default of nsq. */
const INTERVALS_MS = [50, 500] as const;

interface Servers {
  readonly docker: Docker;
  readonly host: string;
  readonly nsqd: Nsqd;
  readonly image: string;
}

/** Measures both cases. */
export async function run(): Promise<Row[]> {
  const problem = nsqProblem() ?? dockerProblem();
  if (problem !== undefined) {
    process.stderr.write(`burst-docker skipped: ${problem}\n`);
    return [];
  }
  await buildNsq();
  const nsqd = await startNsqd();
  try {
    const server = await startDocker();
    try {
      const { host, socketPath } = server;
      if (socketPath === undefined) throw new Error(`expected a socket, found ${host}`);
      const image = await buildWorkerImage(host);
      const servers = { docker: new Docker({ socketPath }), host, nsqd, image };
      return [...(await measure(servers, 0)), ...(await measure(servers, EVICTED))];
    } finally {
      await server.stop();
    }
  } finally {
    await nsqd.stop();
  }
}

async function measure(servers: Servers, evicted: number): Promise<Row[]> {
  const times: number[][] = [[], [], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const ways = [
      () => byHand(servers, evicted),
      ...INTERVALS_MS.map((ms) => () => byEngine(servers, evicted, ms)),
    ];
    for (const [i, way] of ways.entries()) {
      const ms = await way();
      await removeAll(servers.docker);
      // The first of each warms up the daemon.
      if (round > 0) times[i]!.push(ms);
    }
  }
  const [hand, fast, usual] = times.map(mean) as [number, number, number];
  const what = `burst-docker, ${evicted === 0 ? "" : `evict ${evicted}, `}start ${CONSUMERS}`;
  return [
    row(`${what}, read every ${INTERVALS_MS[0]} ms`, "ms", fast, hand, { ratio: 1.15 }),
    row(`${what}, read every ${INTERVALS_MS[1]} ms`, "ms", usual, hand, "reported"),
  ];
}

async function byHand({ docker, image }: Servers, evicted: number): Promise<number> {
  const start = async (): Promise<Docker.Container> => {
    const HostConfig = { NetworkMode: "host" };
    const made = await docker.createContainer({ Image: image, HostConfig });
    await made.start();
    return made;
  };
  const startMany = (n: number): Promise<Docker.Container[]> =>
    Promise.all(Array.from({ length: n }, start));
  const victims = await startMany(evicted);
  await sleep(IDLE_MS);
  const begin = performance.now();
  await Promise.all(victims.map((victim) => victim.stop({ t: 1 })));
  await startMany(CONSUMERS);
  return performance.now() - begin;
}

async function byEngine(servers: Servers, evicted: number, intervalMs: number): Promise<number> {
  const { nsqd, docker } = servers;
  const topic = `burst-${performance.now().toFixed(0)}`;
  await createTopic(nsqd, topic);
  await createChannel(nsqd, topic, "work");
  const spec = await specOf(servers, evicted, topic, intervalMs);
  const engine = createEngine(spec, {
    clock: systemClock,
    logger: silentLogger,
    monitors: [],
    random: Math.random,
    dryRun: false,
  });
  const running = (name: string): number =>
    engine.state().record?.decisions.find((each) => each.task === name)?.counts?.running ?? 0;
  engine.start();
  try {
    for (;;) {
      if (evicted === 0 || running("batch") === evicted) break;
      await sleep(50);
    }
    // It is idle, and anywhere between two readings.
    await sleep(IDLE_MS + Math.random() * intervalMs);
    const starts = await followStarts(docker);
    const begin = performance.now();
    await publish(nsqd, topic, MESSAGES);
    return (await starts.all) - begin;
  } finally {
    await engine.stop({ graceMs: 5000 });
    await spec.scheduler.scheduler.close();
    for (const { metric } of spec.sources.values()) await metric.close();
  }
}

/** Follows Docker's own events. @returns when as many consumers as are wanted had started. */
async function followStarts(docker: Docker): Promise<{ readonly all: Promise<number> }> {
  const filters = {
    type: ["container" as const],
    event: ["start"],
    label: [`${TASK_LABEL}=consumer`],
  };
  const events = (await docker.getEvents({ filters })) as Readable;
  const all = new Promise<number>((resolve, reject) => {
    let started = 0;
    events.on("data", (lines: Buffer) => {
      started += lines.toString().split("\n").filter(Boolean).length;
      if (started >= CONSUMERS) resolve(performance.now());
    });
    events.on("error", reject);
    const late = AbortSignal.timeout(TIMEOUT_MS);
    late.addEventListener("abort", () => {
      reject(new Error(`${started} of ${CONSUMERS} containers started in ${TIMEOUT_MS} ms`));
    });
  });
  return { all: all.finally(() => events.destroy()) };
}

async function removeAll(docker: Docker): Promise<void> {
  const all = await docker.listContainers({ all: true });
  await Promise.all(all.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
}

/** The batch fills the capacity; all of it must go before the consumers fit. */
async function specOf(
  { host, nsqd, image }: Servers,
  evicted: number,
  topic: string,
  intervalMs: number,
): Promise<EngineSpec> {
  const context = { clock: systemClock, logger: silentLogger };
  const written = { image, network: "host", pull: "never", stop: { grace: "1s" } };
  const workload = await checked(dockerPlugin.workload, written);
  const options = await checked(dockerPlugin.options, { host });
  const scheduler = dockerPlugin.create(options, context) as EngineSpec["scheduler"]["scheduler"];
  const nsq = await checked(nsqPlugin.options, { nsqd: [nsqd.http] });
  const metric = nsqPlugin.create(nsq, context) as SourceSpec["metric"];
  const query = { topic, channel: "work" };
  const consumer: TaskSpec = {
    ...task("consumer", QUEUE, query),
    min: 0,
    max: CONSUMERS,
    uses: { cpu: 1 },
    workload,
  };
  const batch: TaskSpec = {
    ...task("batch", { use: "remainder" }),
    priority: 2,
    min: 0,
    uses: { cpu: CONSUMERS / Math.max(1, evicted) },
    workload,
  };
  return {
    capacity: { cpu: CONSUMERS },
    tasks: evicted === 0 ? [consumer] : [consumer, batch],
    scheduler: { name: "docker", scheduler, replaces: false, intervalMs: 1000, timeoutMs: 60_000 },
    sources: new Map([["bench", { name: "nsq", metric, intervalMs, timeoutMs: 5000 }]]),
    shutdown: "leave",
  };
}
