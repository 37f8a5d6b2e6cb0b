import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nothingObserved, type EngineSpec, type Turn } from "@microscaling/engine";
import { expect, it } from "vitest";
import { createRedactor } from "../../src/log/redact.ts";
import { openRecordFile, type RecordFile } from "../../src/run/record-file.ts";
import { fakeConfig } from "../records.ts";
import { collectLines } from "../lines.ts";
import { createFolder } from "./folder.ts";

const SPEC: EngineSpec = fakeConfig().spec;

function turn(at: number, noReading = "none"): Turn {
  return {
    at,
    wall: at,
    measured: { amounts: {} },
    observed: [{ ...nothingObserved(), noReading }],
    decisions: [],
  };
}

async function openAt(file: string): Promise<{ record: RecordFile | undefined; texts: string[] }> {
  const { logger, lines } = collectLines();
  const redactor = createRedactor();
  redactor.add(["s3cr3t"]);
  const log = { logger, redactor, configure() {}, health: () => ({ lost: 0, problem: undefined }) };
  const record = await openRecordFile(file, "/", log);
  return {
    record,
    get texts() {
      return lines.map(({ level, text }) => `${level} ${text}`);
    },
  };
}

async function write(file: string, ...turns: readonly Turn[]): Promise<string[]> {
  const { record, texts } = await openAt(file);
  record?.recorder.opened(SPEC, false);
  for (const one of turns) record?.recorder.decided(one);
  await record?.close();
  return texts;
}

const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n");

it("appends a header and a line for each turn, secrets hidden", async () => {
  const file = join(createFolder(), "live.jsonl");
  expect(await write(file, turn(1), turn(2, "s3cr3t refused"))).toEqual([]);
  await write(file, turn(3));
  const lines = linesOf(file);
  expect(lines).toHaveLength(6);
  expect(lines.filter((line) => line.startsWith('{"record":2'))).toHaveLength(2);
  expect(lines[2]).toBe('{"at":2,"observed":{"0":{"noReading":"[redacted] refused"}}}');
});

it("ends the line that a crash has cut before it goes on", async () => {
  const file = join(createFolder(), "live.jsonl");
  await write(file, turn(1));
  appendFileSync(file, '{"at":');
  await write(file, turn(2));
  expect(linesOf(file)[2]).toBe('{"at":');
  expect(linesOf(file)[3]).toMatch(/^\{"record":2/);
});

it("leaves a file alone that is no record, and the agent goes on", async () => {
  const file = join(createFolder(), "microscaling.yaml");
  appendFileSync(file, "tasks: {}\n");
  expect(await write(file, turn(1))).toEqual([
    expect.stringMatching(
      /^error cannot record to .*yaml: .*is not a record.*continues without a record$/,
    ),
  ]);
  expect(linesOf(file)).toEqual(["tasks: {}", ""]);
});

it("says so when the file cannot be opened, and the agent goes on", async () => {
  const folder = createFolder();
  mkdirSync(join(folder, "taken"));
  const { record, texts } = await openAt(join(folder, "taken"));
  expect(record).toBeUndefined();
  expect(texts).toEqual([
    expect.stringMatching(
      /^error cannot record to .*taken: EISDIR.*; the agent continues without a record$/,
    ),
  ]);
});

it.runIf(existsSync("/dev/full"))("says once that the disk is full, and goes on", async () => {
  const opened = await openAt("/dev/full");
  opened.record?.recorder.opened(SPEC, false);
  for (let at = 0; at < 100; at++) opened.record?.recorder.decided(turn(at));
  await opened.record?.close();
  opened.record?.recorder.decided(turn(100));
  expect(opened.texts).toEqual([
    expect.stringMatching(
      /^error cannot record to \/dev\/full: ENOSPC.*continues without a record$/,
    ),
  ]);
});
