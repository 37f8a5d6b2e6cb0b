import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Inside the checkout, so that plugins are found in its node_modules. */
const PARENT = join(import.meta.dirname, "../../../../node_modules/.cache/agent-test");

/** A folder that is gone when the test ends. */
export function createFolder(): string {
  mkdirSync(PARENT, { recursive: true });
  const folder = mkdtempSync(join(PARENT, "run-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
