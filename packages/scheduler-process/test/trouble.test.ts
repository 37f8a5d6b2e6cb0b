import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { createTestClock } from "@microscaling/conformance";
import { silentLogger, systemClock } from "@microscaling/core";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import plugin from "../src/index.ts";
import { startInstance } from "../src/instance.ts";
import { createLineLog, eachLine } from "../src/output.ts";
import { pidsOf } from "./processes.ts";

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 8000, interval: 10 });

/** What a task of this workload, as it is written, prints line by line. */
async function linesOf(written: object): Promise<string[]> {
  const checked = await plugin.workload["~standard"].validate(written);
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues));
  const lines: string[] = [];
  const logger = { ...silentLogger, info: (line: string) => void lines.push(line) };
  const task = { name: "t", workload: checked.value };
  const { ended } = await startInstance(task, { clock: systemClock, logger }, () => {});
  await (
    await ended
  ).words;
  return lines;
}

describe("variables", () => {
  it("arrive whatever their names are, and whatever is in them", async () => {
    const env = {
      PLAIN: "1",
      "spring.datasource.url": "jdbc:x?a=b&c=$HOME '\"",
      "with-dash": "",
      "-x": "dash",
      "1st": "digit",
      PWD: "/elsewhere",
      OLDPWD: "/before",
      SHLVL: "7",
      IFS: "x",
      PPID: "1",
    };
    const lines = await linesOf({ command: ["env"], env, cwd: "/" });
    const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    expect(lines).toEqual(expect.arrayContaining(expected));
    const everyone = /^(PATH|HOME|TMPDIR|LANG|TZ)=/;
    expect(lines.filter((line) => !everyone.test(line)).toSorted()).toEqual(expected.toSorted());
  });

  it("may be numbers and truths, and PWD is the folder where the program runs", async () => {
    const command = ["sh", "-c", 'echo "$PORT $SHARE $DEBUG"; env | grep ^PWD='];
    const env = { PORT: 8080, SHARE: 0.5, DEBUG: true };
    expect(await linesOf({ command, env, cwd: "/" })).toEqual(["8080 0.5 true", "PWD=/"]);
  });
});

interface Owner {
  readonly child: ChildProcess;
  readonly said: string;
  /** The processes of its instances and itself. */
  readonly pids: () => number[];
}

/** Runs an agent in small. `limits` are commands of a shell. */
async function startOwner(count: number, limits = "true"): Promise<Owner> {
  const mark = `${process.pid}-${count}`;
  const args = ["--conditions=@microscaling/source", join(import.meta.dirname, "owner.ts")];
  const command = [process.execPath, ...args, "sleep", "600"];
  const child = spawn("/bin/sh", ["-c", `${limits}; exec "$@"`, "sh", ...command], {
    env: { ...process.env, OWNER_TEST: mark, OWNER_COUNT: String(count) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
    for (const pid of pidsOf("OWNER_TEST", mark)) process.kill(pid, "SIGKILL");
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: String(said), pids: () => pidsOf("OWNER_TEST", mark) };
}

/** Children of a process that run the reaper's script. */
function reapersOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, ppid] =
          /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return (
          Number(ppid) === parent && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("begun")
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe("an agent that is killed", () => {
  it("after its reaper was, leaves no process all the same", async () => {
    const { child, said, pids } = await startOwner(3);
    expect(said).toBe("accepted\n");
    const parent = child.pid ?? 0;
    const [first] = reapersOf(parent);
    // One that has not lived for a second is not started again at once.
    await systemClock.sleep(1000);
    process.kill(first ?? 0, "SIGKILL");
    await until(() => {
      const [second] = reapersOf(parent);
      expect(second).toBeGreaterThan(0);
      expect(second).not.toBe(first);
    });
    child.kill("SIGKILL");
    await until(() => expect(pids()).toEqual([]));
  });
});

describe("an agent without file descriptors", () => {
  it("says that they have run out", async () => {
    const { said } = await startOwner(60, "ulimit -n 50");
    expect(said).toMatch(
      /^failed: task owned: the agent has no file descriptors left; .*ulimit -n/,
    );
  });
});

describe("an instance that floods the log", () => {
  const setup = () => {
    const clock = createTestClock();
    const lines: string[] = [];
    const warnings: unknown[][] = [];
    const logger = {
      ...silentLogger,
      info: (line: string) => void lines.push(line),
      warn: (...warning: unknown[]) => void warnings.push(warning),
    };
    const fields = { task: "t", pid: 7 };
    return { clock, lines, warnings, fields, log: createLineLog({ clock, logger }, fields) };
  };
  const line = "x".repeat(900);

  it("is cut each second, and what is dropped is counted", async () => {
    const { clock, lines, warnings, fields, log } = setup();
    for (let written = 0; written < 1500; written++) log.write(line);
    expect(lines).toHaveLength(1000);
    expect(warnings).toEqual([]);
    await clock.advance(1000);
    const words = "dropped 500 lines of output: more than 1 MB per second";
    expect(warnings).toEqual([[words, fields]]);
    log.write("again");
    expect(lines.at(-1)).toBe("again");
    await clock.advance(10_000);
    expect(warnings).toHaveLength(1);
  });

  it("is counted to its end", async () => {
    const { lines, warnings, fields, log } = setup();
    const stream = new PassThrough();
    eachLine(stream, (one) => log.write(one));
    stream.end(`${line}\n`.repeat(1002));
    await once(stream, "end");
    log.end();
    expect(lines).toHaveLength(1000);
    const words = "dropped 2 lines of output: more than 1 MB per second";
    expect(warnings).toEqual([[words, fields]]);
  });
});
