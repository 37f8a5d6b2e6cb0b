import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { spawnServer } from "../src/process.ts";

const node = process.execPath;
const forever =
  "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up', process.pid)";

const never = (): boolean => false;

/** Not even what is dead and waits to be reaped, which PID 1 may be slow to do, counts as running. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout !== "" && !stdout.startsWith("Z");
}

test("waits until the server is ready and ends it even if it ignores SIGTERM", async () => {
  const server = await spawnServer({
    command: node,
    args: ["-e", forever],
    ready: (output) => output.includes("up"),
    graceMs: 50,
  });
  expect(server.output()).toBe(`up ${server.pid}\n`);
  await server.stop();
  await server.stop();
  expect(isRunning(server.pid)).toBe(false);
});

test("says why a server did not start, with its own words", async () => {
  const fails = "console.error('no disk'); process.exit(3)";
  await expect(spawnServer({ command: node, args: ["-e", fails], ready: never })).rejects.toThrow(
    /ended with 3.*\n.*no disk/s,
  );
  await expect(spawnServer({ command: "/nonesuch", args: [], ready: never })).rejects.toThrow(
    "/nonesuch cannot be started",
  );
  await expect(
    spawnServer({ command: node, args: ["-e", forever], ready: never, startMs: 1 }),
  ).rejects.toThrow("was not ready within 1 ms");
});

test("leaves nothing running when the process that started it crashes", async () => {
  const module = join(import.meta.dirname, "../src/process.ts");
  const script = `
    const { spawnServer } = await import(${JSON.stringify(module)});
    const server = await spawnServer({
      command: process.execPath, args: ["-e", ${JSON.stringify(forever)}], ready: (o) => o.includes("up"),
    });
    console.log(server.pid);
    throw new Error("crash");`;
  const crash = promisify(execFile)(node, ["--input-type=module", "--eval", script]);
  const { stdout } = await crash.then(
    () => expect.unreachable(),
    (error: { stdout: string }) => error,
  );
  const pid = Number(stdout);
  expect(pid).toBeGreaterThan(0);
  await expect.poll(() => isRunning(pid)).toBe(false);
});
