import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createFolder } from "../config/fixture.ts";

const source = readFileSync(join(import.meta.dirname, "../../bin/microscaling.js"), "utf8");

/** Runs the part of the program that looks at Node's version. */
function checkVersion(version: string): { code: number | undefined; told: string } {
  const check = /const \[major[^]*?\n\}\n/.exec(source)?.[0];
  if (check === undefined) throw new Error("bin/microscaling.js no longer checks the version");
  let told = "";
  let code: number | undefined;
  runInNewContext(check, {
    process: {
      version: `v${version}`,
      versions: { node: version },
      stderr: { write: (text: string) => (told += text) },
      exit: (with_: number) => (code = with_),
    },
  });
  return { code, told };
}

it.each(["20.19.0", "22.18.9"])("tells a user of Node %s in plain words", (version) => {
  const { code, told } = checkVersion(version);
  expect(code).toBe(1);
  expect(told).toBe(`microscaling needs Node 22.19 or newer; this is v${version}.\n`);
});

it.each(["22.19.0", "24.0.0"])("runs on Node %s", (version) => {
  expect(checkVersion(version)).toEqual({ code: undefined, told: "" });
});

it("keeps compiled code in the user's own folder, not in the shared temporary one", () => {
  const folder = createFolder({ "package.json": '{ "type": "module" }' });
  cpSync(join(import.meta.dirname, "../../bin"), join(folder, "bin"), { recursive: true });
  mkdirSync(join(folder, "dist"));
  const program =
    'import m from "node:module"; process.stdout.write(m.getCompileCacheDir() ?? "");';
  writeFileSync(join(folder, "dist/main.js"), program);
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache") };
  const used = execFileSync(process.execPath, [join(folder, "bin/microscaling.js")], { env });
  expect(String(used)).toContain(join(folder, "cache/microscaling/compile-cache"));
});
