import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect, it, onTestFinished } from "vitest";

it("says what a plugin leaves open, instead of a runner that never ends", async () => {
  const program = join(import.meta.dirname, "untidy.ts");
  const args = ["--conditions=@microscaling/source", "--test-reporter=tap", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const output = await text(child.stdout);
  expect(await ended).toBe(1);
  expect(output).toMatch(/not ok \d+ - leaves nothing behind when it is closed/);
  expect(output).toMatch(/left: a TCP connection to 127\.0\.0\.1:\d+, a timer of 1234 ms, a/);
  expect(output).toMatch(/a child process \(pid \d+\)/);
});
