import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createFakeEngine, json, type FakeEngine } from "./fake-engine.ts";
import { createDockerScheduler, createTask, never } from "./support.ts";

describe("a Docker behind ssh", () => {
  let engine: FakeEngine;
  let folder: string;
  const path = process.env["PATH"];

  beforeEach(async () => {
    engine = await createFakeEngine();
    folder = await mkdtemp(join(tmpdir(), "microscaling-ssh-"));
    process.env["PATH"] = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env["PATH"] = path;
    await engine.close();
    await rm(folder, { recursive: true });
  });

  async function installSsh(script: string): Promise<void> {
    const file = join(folder, "ssh");
    await writeFile(file, `#!${process.execPath}\n${script}`);
    await chmod(file, 0o755);
  }

  it("is reached as the docker command reaches it", async () => {
    await installSsh(`
      require("fs").appendFileSync(${JSON.stringify(join(folder, "args"))}, process.argv.slice(2).join(" ") + "\\n");
      const socket = require("net").connect(${JSON.stringify(engine.socketPath)});
      process.stdin.pipe(socket).pipe(process.stdout);
      socket.on("close", () => process.exit(0));
    `);
    engine.answers.set("GET /containers/json", json(200, []));
    const scheduler = await createDockerScheduler({ host: "ssh://me@docker.example:2222" });
    const mail = await createTask("mail", { image: "worker:1" });
    const counts = await scheduler.observe([mail], never);
    expect(counts.get("mail")).toMatchObject({ running: 0 });
    await scheduler.close();
    expect(await readFile(join(folder, "args"), "utf8")).toBe(
      "-T -o BatchMode=yes -p 2222 -l me -- docker.example docker system dial-stdio\n",
    );
  });

  it("says what ssh said when it is refused", async () => {
    await installSsh(
      `process.stderr.write("Permission denied (publickey).\\n"); process.exitCode = 255;`,
    );
    const scheduler = await createDockerScheduler({ host: "ssh://docker.example" });
    const mail = await createTask("mail", { image: "worker:1" });
    await expect(scheduler.observe([mail], never)).rejects.toMatchObject({
      code: "ERR_SCHEDULER_UNREACHABLE",
      message: expect.stringContaining("Permission denied") as string,
    });
    await scheduler.close();
  });
});
