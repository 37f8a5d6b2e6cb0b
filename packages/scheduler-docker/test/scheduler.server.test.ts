import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  silentLogger,
  systemClock,
  type Counts,
  type Scheduler,
  type SchedulerTask,
} from "@microscaling/core";
import {
  buildWorkerImage,
  dockerProblem,
  startDocker,
  type DockerServer,
} from "@microscaling/test-servers";
import type Docker from "dockerode";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from "vitest";

import { createIdentity } from "../src/identity.ts";
import type { DockerWorkload } from "../src/index.ts";
import { AGENT_LABEL, INSTANCE_LABEL, TASK_LABEL } from "../src/labels.ts";
import { createScheduler } from "../src/scheduler.ts";
import {
  countsOf,
  createBareDocker,
  createDockerScheduler,
  createTask,
  listContainers,
  never,
  watch,
} from "./support.ts";

const problem = dockerProblem();

/** So many run, and nothing is under way. */
const quiet =
  (running: number) =>
  (counts: Counts): boolean =>
    counts.running === running && counts.starting === 0 && counts.stopping === 0;

describe.skipIf(problem !== undefined)(`a real Docker Engine (${problem ?? "here"})`, () => {
  let server: DockerServer;
  let docker: Docker;
  let image: string;
  let scheduler: Scheduler<DockerWorkload>;

  beforeAll(async () => {
    server = await startDocker();
    docker = createBareDocker(server.socketPath ?? "");
    image = await buildWorkerImage(server.host);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    scheduler = await createDockerScheduler({ socketPath: server.socketPath });
  });
  afterEach(async () => {
    await scheduler.close();
    const all = await docker.listContainers({ all: true });
    // One whose removal is under way is as good as gone.
    const removals = all.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }));
    await Promise.allSettled(removals);
  });

  const task = (name: string, workload: object = {}): Promise<SchedulerTask<DockerWorkload>> =>
    createTask(name, { image, network: "host", stop: { grace: "1s" }, ...workload });

  /** A scheduler as in another process. */
  function createAgent(agent: string): Scheduler<DockerWorkload> {
    const options = { socketPath: server.socketPath, concurrency: 16 };
    const context = { clock: systemClock, logger: silentLogger };
    const made = createScheduler(options, context, { ...createIdentity(() => 0), agent });
    onTestFinished(() => made.close());
    return made;
  }

  it("starts eight, and stops the newest ones first", async () => {
    const mail = await task("mail");
    expect(await scheduler.scale(mail, 3, never)).toEqual({ status: "accepted" });
    const first = await listContainers(docker, "mail");
    expect(await scheduler.scale(mail, 8, never)).toEqual({ status: "accepted" });
    expect((await scheduler.observe([mail], never)).get("mail")).toEqual({
      running: 8,
      starting: 0,
      stopping: 0,
      requested: 8,
      unhealthy: 0,
      crashed: 0,
    });

    expect(await scheduler.scale(mail, 3, never)).toEqual({ status: "accepted" });
    await countsOf(scheduler, mail, quiet(3));
    const left = await listContainers(docker, "mail");
    expect(
      left
        .filter(({ State }) => State === "running")
        .map(({ Id }) => Id)
        .toSorted(),
    ).toEqual(first.map(({ Id }) => Id).toSorted());
  });

  it("stops the oldest ones first when told to", async () => {
    const mail = await task("mail", { victims: "oldest" });
    await scheduler.scale(mail, 1, never);
    const [oldest] = await listContainers(docker, "mail");
    await scheduler.scale(mail, 2, never);
    await scheduler.scale(mail, 1, never);
    await countsOf(scheduler, mail, quiet(1));
    const left = await listContainers(docker, "mail");
    expect(left.filter(({ State }) => State === "running").map(({ Id }) => Id)).not.toContain(
      oldest?.Id,
    );
  });

  it("is the same request when asked twice", async () => {
    const mail = await task("mail");
    await scheduler.scale(mail, 2, never);
    const before = await listContainers(docker, "mail");
    expect(await scheduler.scale(mail, 2, never)).toEqual({ status: "accepted" });
    expect((await listContainers(docker, "mail")).map(({ Id }) => Id)).toEqual(
      before.map(({ Id }) => Id),
    );
  });

  it("counts an instance as starting and as stopping from the moment it is asked for", async () => {
    // Ignores SIGTERM, so that it stays for all of its grace.
    const mail = await task("mail", { command: ["/bin/sleep", "86400"] });
    const starting = scheduler.scale(mail, 2, never);
    const begun = await countsOf(scheduler, mail, ({ starting: some }) => some > 0);
    expect(begun.running + begun.starting).toBe(2);
    expect(begun.requested).toBe(2);
    await starting;

    await scheduler.scale(mail, 0, never);
    const counts = (await scheduler.observe([mail], never)).get("mail");
    expect(counts).toMatchObject({ running: 0, starting: 0, stopping: 2, requested: 0 });
    await countsOf(scheduler, mail, quiet(0));
    expect(
      (await listContainers(docker, "mail")).filter(({ State }) => State === "running"),
    ).toEqual([]);
  });

  it("finds its instances again after a restart of the agent, and those of the original engine", async () => {
    const mail = await task("mail");
    await scheduler.scale(mail, 2, never);
    await scheduler.close();
    const original = await docker.createContainer({
      Image: image,
      Labels: { [TASK_LABEL]: "mail" },
    });
    await original.start();

    const next = await createDockerScheduler({ host: server.host });
    onTestFinished(() => next.close());
    expect((await next.observe([mail], never)).get("mail")).toMatchObject({
      running: 3,
      requested: 3,
      crashed: 0,
    });
    await next.scale(mail, 0, never);
    await countsOf(next, mail, quiet(0));
  });

  it("stands by while another agent is there, and takes over when that one is gone", async () => {
    const mail = await task("mail");
    const first = createAgent("0000000000001-first");
    const second = createAgent("0000000000002-second");
    const watching = await watch(first);
    await first.scale(mail, 2, never);
    expect(await second.scale(mail, 4, never)).toMatchObject({
      status: "busy",
      reason: expect.stringMatching(/another agent.*stands by/) as string,
    });
    expect(await listContainers(docker, "mail")).toHaveLength(2);
    expect((await second.observe([mail], never)).get("mail")).toMatchObject({ running: 2 });
    await watching.end();
    await first.close();
    await expect.poll(() => second.scale(mail, 4, never)).toEqual({ status: "accepted" });
    await countsOf(second, mail, quiet(4));
  });

  it("does not touch what is not its own", async () => {
    const foreign = await docker.createContainer({
      Image: image,
      Labels: { [TASK_LABEL]: "other" },
    });
    const unlabelled = await docker.createContainer({ Image: image });
    await Promise.all([foreign.start(), unlabelled.start()]);
    const mail = await task("mail");
    await scheduler.scale(mail, 1, never);
    await scheduler.scale(mail, 0, never);
    await countsOf(scheduler, mail, quiet(0));
    for (const container of [foreign, unlabelled]) {
      expect((await container.inspect()).State.Running).toBe(true);
    }
  });

  it("counts a paused instance as running, and a created one as starting", async () => {
    const mail = await task("mail");
    await scheduler.scale(mail, 1, never);
    const [one] = await listContainers(docker, "mail");
    await docker.getContainer(one?.Id ?? "").pause();
    await docker.createContainer({ Image: image, Labels: { [TASK_LABEL]: "mail" } });
    expect((await scheduler.observe([mail], never)).get("mail")).toMatchObject({
      running: 1,
      starting: 1,
      requested: 2,
    });
    await docker.getContainer(one?.Id ?? "").unpause();
    // Those that wait to be started go first.
    await scheduler.scale(mail, 1, never);
    await countsOf(scheduler, mail, quiet(1));
    expect((await docker.getContainer(one?.Id ?? "").inspect()).State.Running).toBe(true);
  });

  it("passes what the workload says and nothing of the agent's environment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "microscaling-env-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "worker.env"), '# comment\nFROM_FILE="a=b"\nBOTH=file\n');
    process.env["AGENT_SECRET"] = "hunter2";
    onTestFinished(() => void delete process.env["AGENT_SECRET"]);
    const mail = await task("mail", {
      name: "mail",
      env: { BOTH: "env", NUMBER: 5 },
      envFile: join(folder, "worker.env"),
      labels: { team: "post" },
      user: "1000",
      cpus: "500m",
      memory: "64Mi",
      stop: { signal: "SIGINT", grace: "1500ms" },
    });
    await scheduler.scale(mail, 2, never);
    const listed = (await listContainers(docker, "mail")).find(({ Names }) =>
      Names.includes("/mail-1"),
    );
    const made = await docker.getContainer(listed?.Id ?? "").inspect();
    expect(made.Config.Env.toSorted()).toEqual([
      "BOTH=env",
      'FROM_FILE="a=b"',
      "NUMBER=5",
      "PATH=/bin",
    ]);
    expect(made.Config.Labels).toEqual({
      team: "post",
      [TASK_LABEL]: "mail",
      [AGENT_LABEL]: expect.any(String) as string,
      [INSTANCE_LABEL]: expect.any(String) as string,
    });
    expect(made.Config).toMatchObject({ User: "1000", StopSignal: "SIGINT", StopTimeout: 2 });
    expect(made.HostConfig).toMatchObject({
      NetworkMode: "host",
      NanoCpus: 500_000_000,
      Memory: 67_108_864,
    });
  });

  it("removes an instance's anonymous volumes with it, unless told to keep them", async () => {
    for (const [name, removeVolumes] of [
      ["gone", true],
      ["kept", false],
    ] as const) {
      const mail = await task(name, { volumes: ["/scratch"], removeVolumes });
      await scheduler.scale(mail, 1, never);
      const [one] = await listContainers(docker, name);
      const volume = (await docker.getContainer(one?.Id ?? "").inspect()).Mounts[0]?.Name ?? "";
      await scheduler.scale(mail, 0, never);
      await expect.poll(() => listContainers(docker, name)).toEqual([]);
      const { Volumes } = await docker.listVolumes();
      expect(Volumes.some(({ Name }) => Name === volume)).toBe(!removeVolumes);
    }
  });

  it("asks an instance to end, and kills it after its grace", async () => {
    const polite = await task("polite");
    const deaf = await task("deaf", { command: ["/bin/sleep", "86400"] });
    const codes = new Map<string, unknown>();
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const stream = await docker.getEvents({
      filters: { event: ["die"] },
      abortSignal: abort.signal,
    });
    stream.on("error", () => {});
    stream.on("data", (line: Buffer) => {
      const { Actor } = JSON.parse(line.toString()) as {
        Actor: { Attributes: Record<string, string> };
      };
      codes.set(Actor.Attributes[TASK_LABEL] ?? "", Actor.Attributes["exitCode"]);
    });
    await Promise.all([scheduler.scale(polite, 1, never), scheduler.scale(deaf, 1, never)]);
    await Promise.all([scheduler.scale(polite, 0, never), scheduler.scale(deaf, 0, never)]);
    await expect
      .poll(() => Object.fromEntries(codes), { timeout: 10_000 })
      .toEqual({ polite: "0", deaf: "137" });
  });

  it("says that an image is missing, and what to do", async () => {
    const mail = await task("mail", { image: "no.such.registry.invalid/worker:1", pull: "never" });
    const error = await scheduler.prepare?.(mail, never).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "ERR_IMAGE_MISSING",
      message: expect.stringContaining(
        'task "mail": the image "no.such.registry.invalid/worker:1"',
      ) as string,
    });
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({
      status: "failed",
      error: {
        code: "ERR_IMAGE_MISSING",
        message: expect.stringContaining("workload.pull") as string,
      },
    });
    expect((await scheduler.observe([mail], never)).get("mail")).toMatchObject({
      starting: 0,
      running: 0,
    });
  });

  it("notices that a pull failed", async () => {
    const mail = await task("mail", {
      image: "127.0.0.1:1/worker:1",
      pull: "always",
      auth: { username: "me", password: "hunter2" },
    });
    const error = await scheduler.prepare?.(mail, never).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "ERR_IMAGE_MISSING" });
    expect(String(error)).not.toContain("hunter2");
  });

  it("says that a port is taken, and leaves nothing half made", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => void taken.listen(0, "0.0.0.0", resolve));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : 0;
    const mail = await task("mail", { network: "bridge", ports: [`${port}:80`] });
    expect(await scheduler.scale(mail, 1, never)).toMatchObject({
      status: "failed",
      error: { code: "ERR_PORT_TAKEN" },
    });
    expect(await listContainers(docker, "mail")).toEqual([]);
  });

  it("gives each instance a port of the range", async () => {
    const mail = await task("mail", { network: "bridge", ports: ["38000-38099:80"] });
    expect(await scheduler.scale(mail, 3, never)).toEqual({ status: "accepted" });
    const ports = (await listContainers(docker, "mail")).flatMap(({ Ports }) =>
      Ports.map(({ PublicPort }) => PublicPort),
    );
    expect(new Set(ports).size).toBe(3);
  });

  it("leaves a name that another container has, and takes the next", async () => {
    await docker.createContainer({ Image: image, name: "mail-1" });
    const mail = await task("mail", { name: "mail" });
    expect(await scheduler.scale(mail, 2, never)).toEqual({ status: "accepted" });
    const names = (await listContainers(docker, "mail")).flatMap(({ Names }) => Names);
    expect(names.toSorted()).toEqual(["/mail-2", "/mail-3"]);
  });

  it("says why an instance cannot be started", async () => {
    const mail = await task("mail", { command: ["/no/such/program"] });
    expect(await scheduler.scale(mail, 2, never)).toMatchObject({
      status: "failed",
      error: {
        code: "ERR_START_FAILED",
        message: expect.stringContaining("/no/such/program") as string,
      },
    });
    expect(await listContainers(docker, "mail")).toEqual([]);
  });

  it("counts crashes, says how the last one ended, and removes what is left", async () => {
    const watching = await watch(scheduler);
    const mail = await task("mail", {
      command: ["/bin/sh", "-c", "echo cannot open /etc/worker.conf >&2; exit 3"],
    });
    await scheduler.scale(mail, 2, never);
    const counts = await countsOf(scheduler, mail, ({ crashed }) => crashed === 2);
    expect(counts.lastCrash).toBe("exit code 3: cannot open /etc/worker.conf");
    await expect.poll(() => listContainers(docker, "mail")).toEqual([]);
    expect((await scheduler.observe([mail], never)).get("mail")).toMatchObject({
      running: 0,
      requested: 0,
      crashed: 2,
    });
    await watching.end();
  });

  it("does not take a stop for a crash, by whomever", async () => {
    const watching = await watch(scheduler);
    const mail = await task("mail");
    await scheduler.scale(mail, 2, never);
    const [one] = await listContainers(docker, "mail");
    await docker.getContainer(one?.Id ?? "").stop({ t: 1 });
    await countsOf(scheduler, mail, quiet(1));
    await scheduler.scale(mail, 0, never);
    expect(await countsOf(scheduler, mail, quiet(0))).toMatchObject({ crashed: 0 });
    await watching.end();
  });

  it("tells of changes by itself, and ends when told to", async () => {
    const watching = await watch(scheduler);
    const mail = await task("mail");
    await scheduler.scale(mail, 1, never);
    const [one] = await listContainers(docker, "mail");
    for (const act of ["pause", "unpause", "kill"] as const) {
      const change = watching.nextChange();
      await docker.getContainer(one?.Id ?? "")[act]();
      await change;
    }
    expect(watching.changes()).toBeGreaterThan(3);
    await watching.end();
  });

  it("stops unhealthy instances first", async () => {
    const sickly = await buildWorkerImage(server.host, {
      tag: "microscaling-test-sickly",
      changes: [
        'HEALTHCHECK --interval=100ms --retries=1 CMD ["/bin/test", "!", "-e", "/tmp/sick"]',
      ],
    });
    const mail = await task("mail", { image: sickly });
    await scheduler.scale(mail, 1, never);
    const [oldest] = await listContainers(docker, "mail");
    await scheduler.scale(mail, 3, never);
    const exec = await docker
      .getContainer(oldest?.Id ?? "")
      .exec({ Cmd: ["/bin/touch", "/tmp/sick"] });
    await exec.start({ Detach: true });
    await countsOf(scheduler, mail, ({ unhealthy }) => unhealthy === 1);
    await scheduler.scale(mail, 2, never);
    expect(await countsOf(scheduler, mail, quiet(2))).toMatchObject({ unhealthy: 0 });
  });

  it.skipIf(process.env["MICROSCALING_TEST_DOCKER_HOST"] !== undefined)(
    "goes on when the daemon was restarted, and says so meanwhile",
    async () => {
      const mail = await task("mail");
      const watching = await watch(scheduler);
      await scheduler.scale(mail, 2, never);
      await server.restart();
      await watching.ended.catch(() => {});
      const back = await watch(scheduler);
      // The daemon ended its containers; that was no crash of theirs.
      expect(await countsOf(scheduler, mail, quiet(0))).toMatchObject({ crashed: 0 });
      expect(await scheduler.scale(mail, 2, never)).toEqual({ status: "accepted" });
      await countsOf(scheduler, mail, quiet(2));
      await back.end();
    },
  );

  it("leaves what has begun when a call is aborted, and counts it", async () => {
    const mail = await task("mail");
    const abort = new AbortController();
    const scaling = scheduler.scale(mail, 4, abort.signal);
    await countsOf(scheduler, mail, ({ starting }) => starting > 0);
    abort.abort(new Error("too late"));
    await expect(scaling).rejects.toThrow("too late");
    const counts = await countsOf(scheduler, mail, ({ starting }) => starting === 0);
    const up = (await listContainers(docker, "mail")).filter(({ State }) => State === "running");
    expect(counts.running).toBe(up.length);
  });

  it("says what the host can hold", async () => {
    expect(await scheduler.capacity?.(never)).toEqual({
      cpu: expect.any(Number) as number,
      memory: expect.any(Number) as number,
    });
  });

  it("is slow to no one: a task whose stop takes its grace does not delay another's start", async () => {
    const deaf = await task("deaf", { command: ["/bin/sleep", "86400"], stop: { grace: "30s" } });
    await scheduler.scale(deaf, 4, never);
    await scheduler.scale(deaf, 0, never);
    const mail = await task("mail");
    await scheduler.scale(mail, 2, never);
    const counts = await scheduler.observe([deaf, mail], never);
    expect(counts.get("deaf")).toMatchObject({ stopping: 4 });
    expect(counts.get("mail")).toMatchObject({ running: 2 });
  });
});
