import { readFileSync } from "node:fs";
import type { Decision } from "@microscaling/core";
import { readRecord, replayRecord } from "@microscaling/simulator";
import { expect } from "vitest";

/** Decides every turn of a whole record once more, and expects the same. @returns the decisions, turn by turn. */
export async function expectSameDecisions(file: string): Promise<(readonly Decision[])[]> {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const turns: (readonly Decision[])[] = [];
  const source = { lines, name: file, cut: (problem: string) => expect.fail(problem) };
  for await (const { recorded, decisions } of replayRecord(readRecord(source))) {
    expect(decisions).toEqual(recorded.decisions);
    turns.push(decisions);
  }
  return turns;
}
