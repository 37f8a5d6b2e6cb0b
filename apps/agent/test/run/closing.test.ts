import { createTestClock } from "@microscaling/conformance";
import { expect, it } from "vitest";
import { createClosing } from "../../src/run/closing.ts";
import { collectLines } from "../lines.ts";

const NEVER = new Promise<never>(() => {});

it.each([0, -3_600_000, 3_600_000])(
  "gives the parts their time, though the clock is set by %d ms meanwhile",
  async (setMs) => {
    const { logger, lines } = collectLines();
    const clock = createTestClock();
    const close = createClosing({ clock, logger, graceMs: 60_000 });
    const closing = close("the engine", NEVER).then(() => close("a plugin", NEVER));
    clock.stepWall(setMs);
    await clock.advance(64_999);
    expect(lines).toEqual([]);
    clock.stepWall(setMs);
    await clock.advance(1);
    // The next gets little, and not nothing.
    await clock.advance(4999);
    expect(lines.map(({ text }) => text)).toEqual(["the engine did not close in time"]);
    await clock.advance(1);
    await closing;
    expect(lines.map(({ text }) => text)).toContain("a plugin did not close in time");
  },
);

it("says what could not be closed, and goes on", async () => {
  const { logger, lines } = collectLines();
  const close = createClosing({ clock: createTestClock(), logger, graceMs: 0 });
  await close("a plugin", Promise.reject(new Error("no")));
  expect(lines).toEqual([
    expect.objectContaining({ level: "error", text: "a plugin could not be closed" }),
  ]);
  await close("the record", undefined);
});
