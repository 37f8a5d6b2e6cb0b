import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const demo = join(import.meta.dirname, "../demo/demo.ts");

/** Runs the demo as `npm start` does, in a process group of its own, and gives all that it wrote. Needs a build. */
function startDemo(args: readonly string[]) {
  const child = spawn(process.execPath, [demo, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const written = async (text: string): Promise<void> => {
    while (!output.includes(text)) await once(child.stdout, "data");
  };
  return { group: -(child.pid ?? 0), ended, written, output: () => output };
}

describe("the demo", () => {
  it("serves a burst, ends after its duration, and leaves nothing running", async () => {
    const { ended, output } = startDemo(["--duration", "8s"]);
    expect(await ended).toBe(0);
    expect(output()).toMatch(/background \d+ → \d+: .*preempted/);
    expect(output()).toMatch(/bursts served {2}[1-9]/);
    expect(output()).toContain("none are still running");
  });

  it("leaves nothing running after Ctrl-C", async () => {
    const { group, ended, written, output } = startDemo([]);
    await written("background 0 → ");
    process.kill(group, "SIGINT");
    expect(await ended).toBe(0);
    expect(output()).toContain("none are still running");
  });

  it("refuses a duration without a unit", async () => {
    const { ended } = startDemo(["--duration", "20"]);
    expect(await ended).toBe(2);
  });
});
