import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createTestClock } from "@microscaling/conformance";
import {
  silentLogger,
  systemClock,
  YOUNG_MS,
  type Clock,
  type Logger,
  type Scheduler,
} from "@microscaling/core";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import plugin, { type ProcessWorkload } from "../src/index.ts";
import { pidsOf } from "./processes.ts";

const MARK = "PROCESS_TEST";
const signal = new AbortController().signal;
let taken = 0;

interface Setup {
  readonly scheduler: Scheduler<ProcessWorkload>;
  /** Checks what is written and marks its processes. */
  readonly task: (written: object) => Promise<{ name: string; workload: ProcessWorkload }>;
  readonly pids: () => number[];
}

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function setup(clock: Clock = systemClock, logger: Logger = silentLogger): Setup {
  const scheduler = plugin.create({}, { clock, logger });
  const mark = `${process.pid}-${(taken += 1)}`;
  closers.push(async () => {
    await scheduler.close();
    for (const pid of pidsOf(MARK, mark)) process.kill(pid, "SIGKILL");
  });
  return {
    scheduler,
    task: async (written) => {
      const result = await plugin.workload["~standard"].validate({
        ...written,
        env: { [MARK]: mark },
      });
      if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
      return { name: "t", workload: result.value };
    },
    pids: () => pidsOf(MARK, mark),
  };
}

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 4000, interval: 10 });

describe("stopping", () => {
  it("stops what an instance has started, too", async () => {
    const { scheduler, task, pids } = setup();
    const family = await task({ command: ["sh", "-c", "sleep 600 & sleep 600 & wait"] });
    await scheduler.scale(family, 1, signal);
    await until(() => expect(pids()).toHaveLength(3));
    await scheduler.scale(family, 0, signal);
    await until(() => expect(pids()).toEqual([]));
  });

  it("kills what an instance has left behind when it ended by itself", async () => {
    const { scheduler, task, pids } = setup();
    const leaver = await task({ command: ["sh", "-c", "sleep 600 & sleep 600 & exit 0"] });
    await scheduler.scale(leaver, 1, signal);
    await until(async () => {
      const counts = (await scheduler.observe([leaver], signal)).get("t");
      expect(counts).toMatchObject({ running: 0, crashed: 1, lastCrash: "exit code 0" });
      expect(pids()).toEqual([]);
    });
  });

  it.each([-3_600_000, 3_600_000])(
    "knows a young instance from an old one, though the clock is set by %d ms",
    async (setMs) => {
      const clock = createTestClock();
      const { scheduler, task, pids } = setup(clock);
      const sleeper = await task({ command: ["sleep", "600"] });
      // The first crashes, the second does not.
      for (const aliveMs of [YOUNG_MS - 1, YOUNG_MS]) {
        await scheduler.scale(sleeper, 1, signal);
        await clock.advance(aliveMs);
        clock.stepWall(setMs);
        for (const pid of pids()) process.kill(pid);
        await until(() => expect(pids()).toEqual([]));
        await until(async () => {
          const counts = (await scheduler.observe([sleeper], signal)).get("t");
          expect(counts).toMatchObject({ running: 0, crashed: 1 });
        });
      }
    },
  );

  it("kills one that ignores its signal once the grace is over, and counts it until then", async () => {
    const clock = createTestClock();
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
    const { scheduler, task, pids } = setup(clock, logger);
    const script = `trap 'echo ignored' TERM; echo ready; while :; do sleep 600 & wait; done`;
    const stubborn = await task({ command: ["sh", "-c", script], stop: { grace: "30s" } });
    await scheduler.scale(stubborn, 1, signal);
    await until(() => expect(lines).toContain("ready"));
    await scheduler.scale(stubborn, 0, signal);
    await until(() => expect(lines).toContain("ignored"));
    await clock.advance(29_000);
    const counts = (await scheduler.observe([stubborn], signal)).get("t");
    expect(counts).toMatchObject({ running: 0, stopping: 1, requested: 0 });
    await clock.advance(1000);
    await until(() => expect(pids()).toEqual([]));
  });

  it("sends the signal that the task names", async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
    const { scheduler, task } = setup(systemClock, logger);
    const script = `trap 'echo goodbye; exit 0' USR1; echo ready; while :; do sleep 0.01; done`;
    const polite = await task({ command: ["sh", "-c", script], stop: { signal: "SIGUSR1" } });
    await scheduler.scale(polite, 1, signal);
    await until(() => expect(lines).toContain("ready"));
    await scheduler.scale(polite, 0, signal);
    await until(() => expect(lines).toContain("goodbye"));
  });

  it("stops the newest first", async () => {
    const { scheduler, task, pids } = setup();
    const sleeper = await task({ command: ["sleep", "600"] });
    await scheduler.scale(sleeper, 1, signal);
    const [oldest] = pids();
    await scheduler.scale(sleeper, 3, signal);
    await scheduler.scale(sleeper, 1, signal);
    await until(() => expect(pids()).toEqual([oldest]));
  });
});

describe("an agent that ends", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)("by %s leaves no process", async (how) => {
    const mark = `${process.pid}-owner-${how}`;
    const args = ["--conditions=@microscaling/source", join(import.meta.dirname, "owner.ts")];
    const owner = spawn(process.execPath, [...args, "sh", "-c", "sleep 600 & wait"], {
      env: { ...process.env, OWNER_TEST: mark },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      owner.kill("SIGKILL");
      for (const pid of pidsOf("OWNER_TEST", mark)) process.kill(pid, "SIGKILL");
    });
    const [said] = (await once(owner.stdout, "data")) as [Buffer];
    expect(String(said)).toBe("accepted\n");
    // The owner itself, two shells and their two children.
    await until(() => expect(pidsOf("OWNER_TEST", mark)).toHaveLength(5));
    owner.kill(how);
    await until(() => expect(pidsOf("OWNER_TEST", mark)).toEqual([]));
  });
});

describe("what an instance gets", () => {
  it("is what its task declares and the little that everyone gets, nothing else of the agent's", async () => {
    vi.stubEnv("AGENT_SECRET", "hunter2");
    vi.stubEnv("TZ", "UTC");
    onTestFinished(() => void vi.unstubAllEnvs());
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
    const { scheduler, task } = setup(systemClock, logger);
    await scheduler.scale(await task({ command: ["env"] }), 1, signal);
    await until(() => expect(lines).toContain("TZ=UTC"));
    await scheduler.close();
    const names = lines.map((line) => line.split("=")[0] ?? "");
    const allowed = new Set(["PATH", "HOME", "TMPDIR", "LANG", "TZ", "PWD", MARK]);
    expect(names.filter((name) => !allowed.has(name))).toEqual([]);
    expect(names).toContain(MARK);
  });

  it("is its own folder", async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
    const { scheduler, task } = setup(systemClock, logger);
    await scheduler.scale(await task({ command: ["pwd"], cwd: "/" }), 1, signal);
    await until(() => expect(lines).toEqual(["/"]));
  });
});

describe("output", () => {
  it("goes to the log, each line with its task and pid", async () => {
    const lines: unknown[] = [];
    const logger = { ...silentLogger, info: (...line: unknown[]) => void lines.push(line) };
    const { scheduler, task } = setup(systemClock, logger);
    const talker = await task({ command: ["sh", "-c", "echo one; echo two >&2; printf three"] });
    await scheduler.scale(talker, 1, signal);
    const fields = { task: "t", pid: expect.any(Number) as number };
    await until(() => expect(lines).toHaveLength(3));
    for (const line of ["one", "two", "three"]) expect(lines).toContainEqual([line, fields]);
  });

  it("is cut into pieces when a line does not end", async () => {
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
    const { scheduler, task } = setup(systemClock, logger);
    const endless = await task({ command: ["sh", "-c", "head -c 20000 /dev/zero | tr '\\0' x"] });
    await scheduler.scale(endless, 1, signal);
    await until(() => expect(lines.join("")).toHaveLength(20_000));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(8192);
  });

  it("is appended to a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "microscaling-process-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const output = join(folder, "worker.log");
    const { scheduler, task } = setup();
    const writer = await task({ command: ["sh", "-c", "echo out; echo err >&2"], output });
    for (const times of [1, 2]) {
      await scheduler.scale(writer, 1, signal);
      await until(async () => {
        expect(await readFile(output, "utf8")).toBe("out\nerr\n".repeat(times));
        expect((await scheduler.observe([writer], signal)).get("t")).toMatchObject({ running: 0 });
      });
    }
  });
});

describe("a start that fails", () => {
  it.each([
    [{ command: ["no-such-program"] }, /task t: command no-such-program was not found in PATH \S+/],
    [
      { command: ["./no-such-program"], cwd: "/" },
      /task t: \/no-such-program is not an executable file/,
    ],
    [{ command: ["/etc/passwd"] }, /task t: \/etc\/passwd is not an executable file/],
    [{ command: ["sleep", "1"], cwd: "/no/such" }, /task t: cwd \/no\/such is not a folder/],
  ])("says why: %j", async (written, words) => {
    const { scheduler, task } = setup();
    const failing = await task(written);
    const fault = { code: "ERR_START_FAILED", message: expect.stringMatching(words) as string };
    await expect(scheduler.prepare?.(failing, signal)).rejects.toMatchObject(fault);
    const outcome = await scheduler.scale(failing, 2, signal);
    expect(outcome).toMatchObject({ status: "failed", error: fault });
    const counts = (await scheduler.observe([failing], signal)).get("t");
    expect(counts).toMatchObject({ running: 0, starting: 0, requested: 0 });
  });

  it("says so when its output file cannot be opened", async () => {
    const { scheduler, task } = setup();
    const failing = await task({ command: ["sleep", "1"], output: "/no/such/file.log" });
    const outcome = await scheduler.scale(failing, 1, signal);
    const message = expect.stringContaining("cannot append output to /no/such/file.log") as string;
    expect(outcome).toMatchObject({ status: "failed", error: { message } });
  });
});

it.each([
  [["sh", "-c", "echo no such queue >&2; exit 3"], "exit code 3: no such queue"],
  [
    [process.execPath, "-e", "throw new Error('no such queue')"],
    "exit code 1: Error: no such queue",
  ],
])("says how an instance crashed, with its last words: %j", async (command, lastCrash) => {
  const { scheduler, task } = setup();
  const dying = await task({ command });
  await scheduler.scale(dying, 1, signal);
  await until(async () => {
    const counts = (await scheduler.observe([dying], signal)).get("t");
    expect(counts).toMatchObject({ crashed: 1, lastCrash });
  });
});

it("starts nothing once it is closed", async () => {
  const { scheduler, task, pids } = setup();
  const late = await task({ command: ["sleep", "600"], output: "/dev/null" });
  // Closed while the start waits for its output file.
  const scaling = scheduler.scale(late, 1, signal);
  await scheduler.close();
  await scaling.catch(() => {});
  await until(() => expect(pids()).toEqual([]));
  expect(await scheduler.scale(late, 1, signal)).toMatchObject({ status: "failed" });
});
