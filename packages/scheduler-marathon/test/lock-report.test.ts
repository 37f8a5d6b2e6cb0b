import { createTestClock } from "@microscaling/conformance";
import { silentLogger } from "@microscaling/core";
import { expect, it } from "vitest";

import { createLockReport } from "../src/lock-report.ts";

it.each([0, -3_600_000, 3_600_000])(
  "says once that a lock lasts, not sooner, though the clock is set by %d ms",
  async (setMs) => {
    const clock = createTestClock();
    const lines: string[] = [];
    const logger = { ...silentLogger, warn: (line: string) => void lines.push(line) };
    const report = createLockReport({ clock, logger });
    report("/worker", "one");
    clock.stepWall(setMs);
    await clock.advance(29_999);
    report("/worker", "one");
    expect(lines).toEqual([]);
    await clock.advance(1);
    report("/worker", "one");
    report("/worker", "one");
    expect(lines).toEqual([expect.stringMatching(/deployment one has locked it for 30 s/)]);
  },
);
