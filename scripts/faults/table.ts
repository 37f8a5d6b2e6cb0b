import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Suite } from "./fault.ts";
import { seconds, type Result } from "./run.ts";

const PAGE = join(import.meta.dirname, "../../docs/reliability.md");

/** Writes the results of one suite to docs/reliability.md. The rows of its other faults do not change. */
export async function writeTable(
  { name: suite, faults }: Pick<Suite, "name" | "faults">,
  results: readonly Result[],
): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const [begin, end] = [`<!-- faults: ${suite} -->`, `<!-- end: ${suite} -->`];
  const [before, rest] = split(page, begin);
  const [old, after] = split(rest, end);
  const rows = new Map(old.split("\n").flatMap((line) => rowOf(line)));
  for (const result of results) rows.set(result.name, toRow(result));
  const table = [HEAD, ...faults.flatMap(({ name }) => rows.get(name) ?? [])].join("\n");
  await writeFile(PAGE, `${before}${begin}\n\n${table}\n\n${end}${after}`);
  spawnSync("oxfmt", [PAGE]);
}

const HEAD = `| fault | what holds | noticed after | right again after | memory |
| --- | --- | --- | --- | --- |`;

function toRow({ name, holds, problems, noticedMs, rightMs, grownMb }: Result): string {
  const faults = problems.length === 0 ? "" : ` **Not so: ${problems.join("; ")}.**`;
  const cells = [name, `${holds}${faults}`, seconds(noticedMs), seconds(rightMs)];
  return `| ${[...cells, `+${Math.round(grownMb)} MB`].join(" | ")} |`;
}

/** By the fault's name. */
function rowOf(line: string): readonly (readonly [string, string])[] {
  const name = /^\| (.*?) +\|/.exec(line)?.[1]?.trim();
  return name === undefined || name === "fault" || name.startsWith("--") ? [] : [[name, line]];
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`docs/reliability.md: expected ${mark}, found none; add it`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
