import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const pages = globSync("{*,docs/*,examples/**/*,bench/*,packages/*/*,apps/*/*}.md", {
  cwd: root,
  exclude: ["**/node_modules/**", "**/CHANGELOG.md"],
});
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The code of every fence marked `ts run`, with the page it stands on. */
const programs = pages.flatMap((page) =>
  [...read(page).matchAll(/^```ts run\n(.*?)^```$/gms)].map(([, code = ""], index) => ({
    page,
    index,
    code,
  })),
);

/** The folder whose packages a page's programs use: its package's, or the checkout. */
function folderOf(page: string): string {
  const folder = join(root, dirname(page));
  return existsSync(join(folder, "package.json")) ? folder : root;
}

describe("programs in the documentation", () => {
  it.each(programs)("$page, number $index, prints what it says", ({ page, code }) => {
    const args = [
      "--conditions=@microscaling/source",
      "--input-type=module-typescript",
      "--eval",
      code,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folderOf(page),
      encoding: "utf8",
    });
    const promised = [...code.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line);
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => line !== "")).toEqual(promised);
    expect(status).toBe(0);
  });

  it("shows the plugin of examples/third-party-plugin, which passes the conformance suite", () => {
    const example = read("examples/third-party-plugin/spool.ts");
    expect(read("docs/writing-a-plugin.md")).toContain(`\n${example}\`\`\`\n`);
  });
});

describe("links in the documentation", () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(([, target = ""]) => ({
      page,
      target,
    })),
  );
  it.each(links)("$page: $target is there", ({ page, target }) => {
    expect(existsSync(join(root, dirname(page), target))).toBe(true);
  });
});
