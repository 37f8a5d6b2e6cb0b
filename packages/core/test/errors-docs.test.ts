import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../src/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8");

/** The page's own table: what stands under each heading, on one line. */
function readPage(): Record<string, string> {
  const sections = page.split(/^## /m).slice(1);
  const rows = sections.map((section) => {
    const [code = "", ...lines] = section.split("\n");
    return [code, lines.join(" ").replaceAll(/\s+/g, " ").trim()] as const;
  });
  expect(new Set(rows.map(([code]) => code)).size, "a code stands twice").toBe(rows.length);
  return Object.fromEntries(rows);
}

test("docs/errors.md and the table of codes say the same, both ways", () => {
  const table = Object.entries(ERROR_CODES).map(([code, { means, todo }]) => [
    code,
    `${means} **What to do:** ${todo}`,
  ]);
  expect(readPage()).toEqual(Object.fromEntries(table));
});

test("no page names a code that is not in the table", () => {
  const root = join(import.meta.dirname, "../../..");
  const pages = globSync(["*.md", "docs/*.md", "{apps,packages}/*/README.md"], { cwd: root });
  expect(pages.length).toBeGreaterThan(15);
  const unknown = pages.flatMap((file) => {
    const named = readFileSync(join(root, file), "utf8").match(/`ERR_[A-Z_]+`/g) ?? [];
    return named.filter((code) => !Object.hasOwn(ERROR_CODES, code.slice(1, -1)));
  });
  // A group of codes, such as `ERR_CONFIG_*`, is no code.
  expect(unknown).toEqual([]);
});
