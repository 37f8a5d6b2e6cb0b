// Runs the benches one after the other, so that they do not slow each other down. Exit code 1 when a bar is missed or a bench fails.
import { parseArgs } from "node:util";
import type { Row } from "./row.ts";

/** A bench and the names of its rows begin alike, so that `--only` finds both. */
const BENCHES = [
  "decide",
  "simulator",
  "lag",
  "nsq-1000",
  "sqs-200",
  "start-up",
  "memory",
  "burst-docker",
  "kubernetes-burst",
  "kubernetes-steady",
  "plugins",
] as const;

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});

const rows: Row[] = [];
for (const name of BENCHES) {
  // `--only decide` and `--only "decide, 100 tasks"` both need the file decide.ts and no other.
  if (!name.includes(options.only) && !options.only.startsWith(name)) continue;
  process.stderr.write(`${name} ...\n`);
  try {
    const { run } = (await import(`./${name}.ts`)) as { readonly run: () => Promise<Row[]> };
    rows.push(...(await run()));
  } catch (error) {
    process.stderr.write(
      `${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
const chosen = rows.filter(({ name }) => name.includes(options.only));
if (chosen.some(({ ok }) => !ok)) process.exitCode = 1;
process.stdout.write(options.json ? `${JSON.stringify(chosen, null, 2)}\n` : asTable(chosen));

function asTable(shown: readonly Row[]): string {
  const lines = shown.map((row) => [
    row.name,
    `${row.value} ${row.unit}`,
    `${row.baseline} ${row.unit}`,
    `${row.ratio} ×`,
    row.bar,
    row.ok ? "ok" : "MISSED",
  ]);
  const table = [["what", "measured", "baseline", "ratio", "bar", ""], ...lines];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((line) => line[i]!.length)));
  return table
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
