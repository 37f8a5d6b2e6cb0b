import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../src/index.ts";

describe("parseDuration", () => {
  it.each([
    ["0ms", 0],
    ["500ms", 500],
    ["2.5s", 2500],
    ["1m", 60_000],
    ["1h", 3_600_000],
  ])("reads %s as %d ms", (written, ms) => {
    expect(parseDuration(written)).toBe(ms);
  });

  it.each([
    500,
    "500",
    "",
    "s",
    "-1s",
    "1 s",
    "1d",
    "1S",
    "1e3ms",
    "1m30s",
    null,
    undefined,
    ["1s"],
  ])("refuses %j, which has no unit or is no duration", (written) => {
    expect(parseDuration(written)).toBeUndefined();
  });
});

it("gives a finite duration for whatever it takes", () => {
  expect(parseDuration(`${"9".repeat(400)}h`)).toBeUndefined();
});

describe("formatDuration", () => {
  it.each([
    [0, "0ms"],
    [849.6, "850ms"],
    [999.4, "999ms"],
    [2500, "2.5s"],
    [90_000, "90s"],
    [180_000, "3m"],
  ])("writes %d ms as %s", (ms, written) => {
    expect(formatDuration(ms)).toBe(written);
  });
});
