import { describe, expect, it } from "vitest";
import { learnLag, noLag, type Lag } from "../../src/decide/learn/lag.ts";
import { notePast, type Past } from "../../src/decide/learn/past.ts";

/** How long a job may wait, in seconds. */
const WITHIN = 10;
const TICK_MS = 500;

interface World {
  /** How old the counts are, in ticks, by tick. */
  readonly lag: number | ((tick: number) => number);
  /** By how much the number of instances changes, up and down in turn. */
  readonly step?: number;
  readonly ticks?: number;
  /** What comes besides, by tick. */
  readonly more?: (tick: number) => number;
  /** When nothing is known of the queue. */
  readonly isDry?: (tick: number) => boolean;
}

/** Ticks from one change to the next, in turn: a period would look like a lag. */
const APART = [23, 31, 47, 29, 37, 19, 53];

/** What is learned of a queue that never runs dry. */
function learned({ lag, step = 6, ticks = 600, more = () => 0, isDry = () => false }: World): Lag {
  const lagAt = typeof lag === "number" ? () => lag : lag;
  const found = noLag();
  const counts: number[] = [];
  let past: Past = [];
  let waiting = 1000;
  let running = 10;
  let changes = 0;
  let nextChange = 60;
  for (let tick = 0; tick < ticks; tick++) {
    if (tick === nextChange) {
      const isUp = changes % 2 === 0;
      running += isUp ? step : -step;
      if (isUp) waiting -= step;
      nextChange += APART[changes++ % APART.length]!;
    }
    // Noise of a mean square of 8, the same in every run.
    waiting += 20 - running + 4 * Math.sin(tick * 7.3) + more(tick);
    counts.push(waiting);
    const at = tick * TICK_MS;
    past = notePast(past, at, running);
    const jobs = isDry(tick) ? Number.NaN : counts[Math.max(0, tick - lagAt(tick))]!;
    learnLag(found, past, at, jobs, WITHIN);
  }
  return found;
}

describe("how old the counts of jobs are", () => {
  it.each([0, 1, 6, 17, 30, 40])("shows in when instances take jobs: %i ticks", (lag) => {
    expect(learned({ lag }).seconds).toBe((lag * TICK_MS) / 1000);
  });

  it("is none until that is sure", () => {
    // One start is not enough, whatever it looks like.
    expect(learned({ lag: 6, ticks: 110 }).seconds).toBe(0);
  });

  it("is none where the number of instances does not change", () => {
    expect(learned({ lag: 6, step: 0 }).seconds).toBe(0);
  });

  it("is not told by a queue that is dry when an instance takes a job", () => {
    expect(learned({ lag: 6, isDry: (tick) => tick % 4 === 0 }).seconds).toBe(0);
  });

  it("is told by a queue that is dry at times", () => {
    expect(learned({ lag: 6, isDry: (tick) => tick % 97 === 0 }).seconds).toBe(3);
  });

  it("is not that of one burst, however large", () => {
    // 3 s after a start: as if a thousand had taken a job.
    const more = (tick: number): number => (tick === 66 ? -1000 : 0);
    expect(learned({ lag: 0, ticks: 110, more }).seconds).toBe(0);
  });

  it("is learned anew when it changes", () => {
    expect(learned({ lag: (tick) => (tick < 600 ? 6 : 12), ticks: 600 }).seconds).toBe(3);
    expect(learned({ lag: (tick) => (tick < 600 ? 6 : 12), ticks: 2400 }).seconds).toBe(6);
  });
});
