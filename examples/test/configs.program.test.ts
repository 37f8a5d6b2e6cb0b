import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const examples = join(import.meta.dirname, "..");
const agent = join(examples, "../apps/agent/src/main.ts");

describe("microscaling validate", () => {
  it.each(globSync("*/microscaling.yaml", { cwd: examples }))("accepts %s", (config) => {
    const args = ["--conditions=@microscaling/source", agent, "validate", "--config", config];
    const env = { ...process.env, DEMO_QUEUE: "127.0.0.1:4151" };
    const { status, stderr } = spawnSync(process.execPath, args, {
      cwd: examples,
      env,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});
