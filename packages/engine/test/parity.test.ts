import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { replayAlloc, replayRun, replayTarget, type Replay } from "./parity/replay.ts";
import type { AllocCase, TargetCase } from "./parity/vectors.ts";

const folder = join(import.meta.dirname, "vectors");

function read<Case>(file: string): Case[] {
  return JSON.parse(readFileSync(join(folder, file), "utf8")) as Case[];
}

function problems<Case>(cases: readonly Case[], replay: Replay<Case>): string[] {
  return cases.flatMap((vector, i) => {
    const problem = replay(vector);
    return problem === undefined ? [] : [`case ${i}: ${problem}`];
  });
}

describe("parity with the original engine", () => {
  it("matches its targets, reading by reading", () => {
    const cases = read<TargetCase>("targets.json");
    expect(cases).toHaveLength(200);
    expect(problems(cases, replayTarget)).toEqual([]);
  });

  it("matches its allocation in single steps", () => {
    const cases = read<AllocCase>("alloc.json");
    expect(cases).toHaveLength(400);
    expect(problems(cases, replayAlloc)).toEqual([]);
  });

  it("matches its runs of 40 steps", () => {
    const cases = read<AllocCase>("runs.json");
    expect(cases).toHaveLength(150);
    expect(problems(cases, replayRun)).toEqual([]);
  });
});
