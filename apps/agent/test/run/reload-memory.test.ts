import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentLogger, systemClock } from "@microscaling/core";
import { expect, it, onTestFinished } from "vitest";
import { createRedactor } from "../../src/log/redact.ts";
import { makeParts } from "../../src/run/parts.ts";
import { createFolder } from "./folder.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function config(max: number): string {
  return `
scheduler: { use: toy }
capacity: { instances: 10 }
tasks:
  mails:
    instances: { max: ${max} }
    metric: { use: toy, value: 100 }
    target: { use: latency, within: 5s }
http: false
`;
}

it("keeps nothing of former configs, however often the config is reloaded", async () => {
  const cwd = createFolder();
  const write = (max: number): void => writeFileSync(join(cwd, "microscaling.yaml"), config(max));
  write(1);
  const log = {
    logger: silentLogger,
    redactor: createRedactor(),
    configure() {},
    health: () => ({ lost: 0, problem: undefined }),
  };
  const { engine, reloader } = await makeParts({
    env: {},
    cwd,
    dryRun: false,
    clock: systemClock,
    log,
  });
  onTestFinished(async () => {
    await engine.stop({ graceMs: 0 });
  });
  engine.start();
  const former: WeakRef<object>[] = [];
  for (let i = 0; i < 30; i++) {
    write(1 + (i % 8));
    await reloader.reload("a test");
    const { spec } = reloader.config();
    // The last is part of every copy that the engine makes of its spec.
    for (const each of [reloader.config(), spec, spec.sharing!.groups])
      former.push(new WeakRef(each));
  }
  await reloader.released();
  const kept = async (): Promise<number> => {
    // What is asynchronous has let go of them only after a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    return former.filter((ref) => ref.deref() !== undefined).length;
  };
  // The one that runs, and what a call under way may still hold.
  await expect.poll(kept).toBeLessThanOrEqual(6);
});
