import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFolder } from "../run/folder.ts";
import { expectSameDecisions } from "../replay.ts";
import { folderWith, run, start, stopAgent, TOY_CONFIG } from "./program.ts";

const STARTED = "tasks on toy";
const WITH_HTTP = TOY_CONFIG.replace("http: false", "http: { port: 0 }");
const BROKEN = TOY_CONFIG.replace("value: 100", "file: ./missing");

/** Mails has a fixed number of instances. */
function fixedAt(instances: number): string {
  return TOY_CONFIG.replace(/^ +metric:.*\n/m, "").replace(
    "use: simple-queue, length: 10",
    `use: fixed, instances: ${instances}`,
  );
}

function messages(stdout: string): string[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

describe("plan", () => {
  it("shows what would be done, and why", async () => {
    const { code, stdout, stderr } = await run(folderWith(TOY_CONFIG), "plan");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [head, mails, batch] = stdout.split("\n");
    expect(head?.split(/\s+/)).toEqual(
      "TASK PRIORITY READING RUNNING DESIRED GRANTED CHANGE WHY".split(" "),
    );
    expect(mails).toMatch(/^mails +1 +100 +0 +1 +1 +\+1 +100 waiting/);
    expect(batch).toMatch(/^batch +2 +- +0 +10 +9 +\+9 +remainder/);
  });

  it("prints JSON for programs", async () => {
    const { code, stdout } = await run(folderWith(TOY_CONFIG), "plan", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      capacity: { instances: 10 },
      schedulerProblem: null,
      tasks: [
        { task: "mails", priority: 1, reading: 100, running: 0, granted: 1, change: 1 },
        {
          task: "batch",
          priority: 2,
          reading: null,
          running: 0,
          desired: 10,
          granted: 9,
          change: 9,
        },
      ],
    });
  });

  it("ends with 1 when a metric cannot be read, and shows it", async () => {
    const { code, stdout, stderr } = await run(folderWith(BROKEN), "plan");
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(/^mails .*missing/m);
    expect(stdout.match(/ENOENT/g)).toHaveLength(1);
    expect(stdout).toMatch(/^batch .*remainder/m);
  });

  it("says once that the scheduler cannot be reached", async () => {
    const docker = 'use: docker, host: "tcp://127.0.0.1:1" }';
    const config = TOY_CONFIG.replace("use: toy }", docker)
      .replace("instances: 10", "instances: scheduler")
      .replaceAll(/priority: \d/g, "$&\n    workload: { image: worker }");
    const { code, stdout, stderr } = await run(folderWith(config), "plan");
    expect(code).toBe(1);
    expect(stderr.match(/ECONNREFUSED/g)).toHaveLength(1);
    expect(stdout).toMatch(/^mails .*the capacity is not known/m);
  });

  it("ends with 2 on a bad config", async () => {
    expect(await run(folderWith("tasks: 3"), "plan")).toMatchObject({ code: 2, stdout: "" });
  });
});

it("takes paths in the config from its folder, and those on the command line from where it runs", async () => {
  const folder = createFolder();
  mkdirSync(join(folder, "etc"));
  const config = `${TOY_CONFIG.replace("value: 100", "file: number")}learned: learned.json\n`;
  writeFileSync(
    join(folder, "etc/my.yaml"),
    config.replace("simple-queue, length: 10", "latency, within: 5s"),
  );
  writeFileSync(join(folder, "etc/number"), "42\n");
  const agent = start(folder, ["run", "--config", "etc/my.yaml", "--record", "live.jsonl"]);
  expect(await agent.line(STARTED)).toContain(join(folder, "etc/my.yaml"));
  await agent.line("batch 0 →");
  await stopAgent(agent);
  expect(readdirSync(folder).toSorted()).toEqual(["etc", "live.jsonl"]);
  expect(readdirSync(join(folder, "etc")).toSorted()).toEqual([
    "learned.json",
    "my.yaml",
    "number",
  ]);
  const plan = await run(folder, "plan", "--config", "etc/my.yaml");
  expect(plan.stdout).toMatch(/^mails +1 +42 /m);
});

describe("run --record", () => {
  it("writes down what it decided, so that it can be decided once more", async () => {
    const folder = folderWith(TOY_CONFIG);
    const agent = start(folder, ["run", "--record", "live.jsonl"]);
    await agent.line("batch 0 →");
    await stopAgent(agent);
    const turns = await expectSameDecisions(join(folder, "live.jsonl"));
    expect(turns.some(([, batch]) => batch?.granted === 9)).toBe(true);
  });

  it("continues without a record where none can be written", async () => {
    const agent = start(folderWith(TOY_CONFIG), ["run", "--record", "missing/live.jsonl"]);
    expect(await agent.line("cannot record")).toMatch(/ENOENT.*continues without a record/);
    await agent.line("batch 0 →");
    await stopAgent(agent);
  });

  it("has no meaning for one turn", async () => {
    const outcome = await run(folderWith(TOY_CONFIG), "run", "--once", "--record", "live.jsonl");
    expect(outcome).toMatchObject({ code: 2 });
    expect(outcome.stderr).toMatch(/--record.*--once/);
  });
});

describe("run --once", () => {
  it("acts once and ends", async () => {
    const { code, stdout } = await run(folderWith(TOY_CONFIG), "run", "--once");
    expect(code).toBe(0);
    expect(messages(stdout)).toEqual([
      expect.stringMatching(/^mails 0 → 1: /),
      expect.stringMatching(/^batch 0 → 9: /),
    ]);
  });

  it("ends with 1 when something could not be read, and says what", async () => {
    const { code, stdout } = await run(folderWith(BROKEN), "run", "--once");
    expect(code).toBe(1);
    expect(messages(stdout).join("\n")).toMatch(/mails: .*missing/);
  });
});

it("shows no secret, whoever says it", async () => {
  const folder = folderWith(TOY_CONFIG.replace("value: 100", 'file: "./${TOKEN}"'));
  for (const words of [["plan"], ["plan", "--json"], ["run", "--once"]]) {
    const { stdout, stderr } = await start(folder, words, { TOKEN: "hunter22" }).ended;
    expect(stdout).toContain("[redacted]");
    expect(stdout + stderr).not.toContain("hunter22");
  }
});

describe("run", () => {
  it("logs one line for each change, and nothing while all is quiet", async () => {
    const agent = start(folderWith(fixedAt(3)), ["run"]);
    await agent.line("mails 0 → 3");
    await agent.line("batch 0 → 7");
    agent.child.kill("SIGTERM");
    const { code, stdout } = await agent.ended;
    expect(code).toBe(0);
    expect(messages(stdout)).toEqual([
      expect.stringContaining(STARTED),
      expect.stringMatching(/^mails 0 → 3: fixed/),
      expect.stringMatching(/^batch 0 → 7: remainder/),
      "SIGTERM: stopping (shutdown: drain)",
      "stopped",
    ]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends with 0 on %s", async (signal) => {
    const agent = start(folderWith(TOY_CONFIG), ["run"]);
    await agent.line(STARTED);
    agent.child.kill(signal);
    expect(await agent.ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("writes for people when asked to", async () => {
    const agent = start(folderWith(TOY_CONFIG), ["run", "--log-format", "pretty"]);
    expect(await agent.line(STARTED)).toMatch(/^\[[\d:.]+\] INFO: microscaling /);
  });

  it("falls back to lines when --live has no terminal", async () => {
    const agent = start(folderWith(TOY_CONFIG), ["run", "--live"]);
    expect(JSON.parse(await agent.line(STARTED))).toMatchObject({ level: "info" });
  });

  it("says that it only pretends with --dry-run", async () => {
    const agent = start(folderWith(TOY_CONFIG), ["run", "--dry-run"]);
    expect(await agent.line(STARTED)).toContain("dry run");
  });

  it("ends with 2 on a bad config, before anything is started", async () => {
    const { code, stdout, stderr } = await run(folderWith("tasks: 3"), "run");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error ERR_CONFIG_INVALID /);
  });

  it("ends with 1 when the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const config = TOY_CONFIG.replace("http: false", `http: { port: ${port} }`);
    const { code, stdout, stderr } = await run(folderWith(config), "run");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`error ERR_HTTP_LISTEN cannot listen on 127.0.0.1:${port}`);
  });

  it("answers on its endpoints", async () => {
    const agent = start(folderWith(WITH_HTTP), ["run"]);
    const address = /http:\/\/[\d.:]+/.exec(await agent.line(STARTED))?.[0];
    await agent.line("batch 0 → ");
    expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect(await (await fetch(`${address}/state`)).json()).toMatchObject({ dryRun: false });
    expect(await (await fetch(`${address}/metrics`)).text()).toContain(
      "microscaling_granted_instances",
    );
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toMatchObject({ code: 0 });
  });
});

it("ends with 3 when a drain leaves instances behind, since their backend is gone", async () => {
  const config = TOY_CONFIG.replace("use: toy }", "use: ./gone.mjs }");
  const folder = folderWith(`${config}shutdownGrace: 1s\n`);
  writeFileSync(
    join(folder, "gone.mjs"),
    `import { existsSync } from "node:fs";
import toy from "@microscaling/scheduler-toy";
export default { ...toy, create(options, context) {
  const scheduler = toy.create(options, context);
  return { ...scheduler, async observe(...args) {
    if (existsSync("gone")) throw new Error("no daemon");
    return scheduler.observe(...args);
  }, async scale(...args) {
    if (existsSync("gone")) throw new Error("no daemon");
    return scheduler.scale(...args);
  } };
} };`,
  );
  const agent = start(folder, ["run"]);
  await agent.line("batch 0 → 9");
  writeFileSync(join(folder, "gone"), "");
  agent.child.kill("SIGTERM");
  const { code, stdout } = await agent.ended;
  expect(code).toBe(3);
  expect(messages(stdout)).toContain(
    "time is up: some instances of mails, batch are still running",
  );
});

describe("reload", () => {
  it("takes a good config on SIGHUP", async () => {
    const folder = folderWith(TOY_CONFIG);
    const agent = start(folder, ["run"]);
    await agent.line("batch 0 → ");
    writeFileSync(join(folder, "microscaling.yaml"), fixedAt(6));
    agent.child.kill("SIGHUP");
    expect(await agent.line("reloaded ")).toContain("SIGHUP");
    expect(JSON.parse(await agent.line("→ 6: fixed"))).toMatchObject({ task: "mails", to: 6 });
  });

  it("refuses a bad one whole, with its mistakes, and goes on with the old one", async () => {
    const folder = folderWith(TOY_CONFIG);
    const agent = start(folder, ["run"]);
    await agent.line("batch 0 → ");
    writeFileSync(join(folder, "microscaling.yaml"), TOY_CONFIG.replace("min: 1", "min: 9"));
    agent.child.kill("SIGHUP");
    expect(JSON.parse(await agent.line("was refused"))).toMatchObject({
      level: "error",
      error: { code: "ERR_CONFIG_INVALID" },
    });
    agent.child.kill("SIGTERM");
    const { code, stdout } = await agent.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain("reloaded ");
  });

  it("follows a change of the file, also by a rename", async () => {
    const folder = folderWith(TOY_CONFIG);
    const agent = start(folder, ["run"]);
    await agent.line(STARTED);
    writeFileSync(join(folder, "next.yaml"), TOY_CONFIG.replace("max: 8", "max: 7"));
    renameSync(join(folder, "next.yaml"), join(folder, "microscaling.yaml"));
    expect(await agent.line("reloaded ")).toContain("the file changed");
  });
});

/** A folder whose scheduler does something wild when it is first observed. */
function withPlugin(fault: string): string {
  const folder = folderWith(TOY_CONFIG.replace("use: toy }", "use: ./wild.mjs }"));
  const source = `
import toy from "@microscaling/scheduler-toy";
export default { ...toy, create(options, context) {
  const scheduler = toy.create(options, context);
  let done = false;
  return { ...scheduler, observe(...args) {
    if (!done) { done = true; ${fault} }
    return scheduler.observe(...args);
  } };
} };`;
  writeFileSync(join(folder, "wild.mjs"), source);
  return folder;
}

describe("faults that nobody caught", () => {
  it("logs a rejected promise and goes on", async () => {
    const agent = start(withPlugin('Promise.reject(new Error("wild s3cr3t"));'), ["run"]);
    expect(await agent.line("unhandled promise rejection")).toContain("wild");
    await agent.line("batch 0 → ");
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toMatchObject({ code: 0 });
  });

  it("stops in good order with 1 after an uncaught exception", async () => {
    const agent = start(withPlugin('setImmediate(() => { throw new Error("wild"); });'), ["run"]);
    await agent.line("uncaught exception");
    const { code, stdout } = await agent.ended;
    expect(code).toBe(1);
    expect(messages(stdout).at(-1)).toBe("stopped");
  });
});

describe("a log that cannot be written", () => {
  /** A config whose endpoints listen on a port that is known beforehand, and that drains when it ends. */
  async function configOn(): Promise<{ folder: string; address: string }> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const config = TOY_CONFIG.replace("http: false", `http: { port: ${port} }`);
    return { folder: folderWith(config), address: `http://127.0.0.1:${port}` };
  }

  async function expectAtWork(address: string, log: RegExp): Promise<void> {
    const look = async (): Promise<unknown> =>
      (await fetch(`${address}/readyz`).catch(() => undefined))?.json();
    await expect.poll(look).toMatchObject({ ready: true, log: expect.stringMatching(log) });
    const text = await (await fetch(`${address}/metrics`)).text();
    expect(text).toMatch(/^microscaling_log_lost_lines_total [1-9]/m);
    const running = async (): Promise<number[]> => {
      const { tasks } = (await (await fetch(`${address}/state`)).json()) as {
        tasks: { counts: { running: number } }[];
      };
      return tasks.map(({ counts }) => counts.running);
    };
    await expect.poll(running).toEqual([1, 9]);
  }

  it("does not end the agent when its reader goes away", async () => {
    const { folder, address } = await configOn();
    const agent = start(folder, ["run"]);
    agent.child.stdout?.destroy();
    await expectAtWork(address, /EPIPE/);
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("does not end the agent when the disk is full", async () => {
    const { folder, address } = await configOn();
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const agent = start(folder, ["run"], {}, full);
    await expectAtWork(address, /ENOSPC/);
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("does not keep the agent from ending when its reader is stuck", async () => {
    const { folder, address } = await configOn();
    const loud = `import toy from "@microscaling/scheduler-toy";
export default { ...toy, create(options, context) {
  for (let i = 0; i < 3000; i++) context.logger.info("x".repeat(1000));
  return toy.create(options, context);
} };`;
    writeFileSync(join(folder, "loud.mjs"), loud);
    const file = join(folder, "microscaling.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("use: toy }", "use: ./loud.mjs }"));
    const agent = start(folder, ["run"]);
    agent.child.stdout?.pause();
    const look = async (): Promise<unknown> =>
      (await fetch(`${address}/readyz`).catch(() => undefined))?.json();
    await expect.poll(look).toMatchObject({ ready: true });
    agent.child.kill("SIGTERM");
    const [code] = (await once(agent.child, "exit")) as [number];
    expect(code).toBe(0);
  });
});
