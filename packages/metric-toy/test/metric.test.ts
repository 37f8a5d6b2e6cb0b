import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createTestClock } from "@microscaling/conformance";
import { silentLogger, type ReadingResult } from "@microscaling/core";
import plugin, { type ToyQuery } from "../src/index.ts";

const clock = createTestClock();
const metric = plugin.create({}, { clock, logger: silentLogger });

async function read(...queries: readonly ToyQuery[]): Promise<readonly ReadingResult[]> {
  const asked = queries.map((query, i) => ({ task: `task${i}`, query }));
  return metric.read(asked, new AbortController().signal);
}

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-toy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "number");
  await writeFile(file, text);
  return file;
}

test("numbers from the config and from a file, at the time of asking", async () => {
  const file = await fileWith(" 12.5\n");
  const at = clock.now();
  expect(await read({ value: 5 }, { file }, { value: 0 })).toEqual([
    { kind: "reading", value: 5, at },
    { kind: "reading", value: 12.5, at },
    { kind: "reading", value: 0, at },
  ]);
  await writeFile(file, "3");
  expect(await read({ file })).toMatchObject([{ value: 3 }]);
});

test.each([
  ["", "nothing"],
  [" \n", "nothing"],
  ["many", '"many"'],
  ["-1", '"-1"'],
  ["1 2", '"1 2"'],
  ["NaN", '"NaN"'],
  ["Infinity", '"Infinity"'],
  ["1e999", '"1e999"'],
  ["1".repeat(100), `"${"1".repeat(20)}"`],
])("a file that holds %o is a failure of its task alone", async (text, found) => {
  const file = await fileWith(text);
  const [failure, reading] = await read({ file }, { value: 1 });
  expect(failure).toMatchObject({
    kind: "failure",
    error: {
      code: "ERR_METRIC_RESPONSE",
      message: `${file}: expected one finite number ≥ 0, found ${found}`,
    },
  });
  expect(reading).toMatchObject({ value: 1 });
});

test("a file that is not there, and a folder, are failures that name it", async () => {
  const file = await fileWith("");
  for (const path of [`${file}-not`, join(file, "..")]) {
    const [failure] = await read({ file: path });
    expect(failure).toMatchObject({
      kind: "failure",
      error: { code: "ERR_METRIC_UNREACHABLE", message: expect.stringContaining(path) as unknown },
    });
  }
});
