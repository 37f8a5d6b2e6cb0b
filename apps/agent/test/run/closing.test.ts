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
    const closing = close("the engine", clock.sleep(10_000))
      .then(() => close("a plugin", NEVER))
      .then(() => close("the record", NEVER));
    clock.stepWall(setMs);
    await clock.advance(64_999);
    expect(lines).toEqual([]);
    // The last gets little time, and not none.
    await clock.advance(5000);
    expect(lines.map(({ text }) => text)).toEqual(["a plugin did not close in time"]);
    await clock.advance(1);
    await closing;
    expect(lines.at(-1)?.text).toBe("the record did not close in time");
  },
);

it("says what could not be closed, and goes on", async () => {
  const { logger, lines } = collectLines();
  const close = createClosing({ clock: createTestClock(), logger, graceMs: 0 });
  await close("a plugin", Promise.reject(new Error("no")));
  expect(lines).toEqual([
    expect.objectContaining({ level: "error", text: "cannot close a plugin" }),
  ]);
  await close("the record", undefined);
});
