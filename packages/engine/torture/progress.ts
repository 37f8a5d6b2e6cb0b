import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** How far a long run has come, so that the next one of the same kind goes on from there. */
export interface Progress {
  /** Every seed below this one is done. */
  readonly next: number;
  readonly failed: readonly number[];
  readonly events: number;
  readonly seconds: number;
}

const NONE: Progress = { next: 0, failed: [], events: 0, seconds: 0 };

/** Where it is kept. */
export function progressFile(seeds: number, minutes: number): string {
  return join(tmpdir(), "microscaling-torture", `${seeds}x${minutes}.json`);
}

/** What the last run came to, if it was cut short. */
export function loadProgress(file: string): Progress {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Progress;
  } catch {
    return NONE;
  }
}

/** Writes down how far this run has come. */
export function saveProgress(file: string, progress: Progress): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(progress));
}

/** The run is over: the next one starts at the first seed. */
export function clearProgress(file: string): void {
  rmSync(file, { force: true });
}
