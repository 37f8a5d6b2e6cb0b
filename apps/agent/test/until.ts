import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";

const LOOK_MS = 20;
/** How long a condition may take to come about; no test asserts that it takes less. */
const PATIENCE_MS = 40_000;

/** How many instances of each task there are. */
export type Running = Readonly<Record<string, number>>;

/** Looks until just these run. A look that fails says nothing; the first one must not. */
export async function untilRunning(
  look: () => Running | Promise<Running>,
  wanted: Running,
): Promise<void> {
  const lookUntil = Date.now() + PATIENCE_MS;
  let found = await look();
  while (!isDeepStrictEqual(found, wanted) && Date.now() < lookUntil) {
    await sleep(LOOK_MS);
    found = await Promise.resolve()
      .then(look)
      .catch(() => found);
  }
  expect(found).toEqual(wanted);
}
