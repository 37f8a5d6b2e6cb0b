import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const home = join(import.meta.dirname, "..");

it("passes its own suite with the plugin that its README shows", () => {
  const readme = readFileSync(join(home, "README.md"), "utf8");
  const [, code = ""] = /^```ts\n(.*?)^```$/ms.exec(readme) ?? [];
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      "--conditions=@microscaling/source",
      "--input-type=module-typescript",
      "--test-reporter=tap",
      "--eval",
      code,
    ],
    { cwd: home, encoding: "utf8" },
  );
  expect(stdout).toMatch(/^# fail 0$/m);
  expect(stdout).toMatch(/^# pass \d\d$/m);
  expect(status).toBe(0);
});
