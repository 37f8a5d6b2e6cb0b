import { readFileSync } from "node:fs";
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
