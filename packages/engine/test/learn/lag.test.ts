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

describe("one more reading", () => {
  const T = 100_000;
  /** Six instances came up between the second and the third of four readings. */
  const CAME_UP: Past = [0, 10, T + 750, 16];

  /** Reads four times in a row, half a second apart: the queue falls by six, just then. */
  function read(
    before: Partial<Lag>,
    {
      past = CAME_UP,
      within = WITHIN,
      jobs = [1000, 1000, 994, 994],
      at = [0, 500, 1000, 1500],
    } = {},
  ) {
    const lag = { ...noLag(), readings: 20, noise: 3, ...before };
    const changed = jobs.map((one, i) => learnLag(lag, past, T + at[i]!, one, within));
    return { lag, hasChanged: changed.at(-1)!, changed };
  }

  it("makes the noise known: the mean square of the bends over thrice as long as a job may wait", () => {
    const { lag } = read({ readings: 0, noise: 0 });
    expect(lag).toMatchObject({ readings: 1, noise: 36 });
    learnLag(lag, CAME_UP, T + 2000, 994, WITHIN);
    const readings = Math.exp(-0.5 / 30) + 1;
    expect(lag.readings).toBeCloseTo(readings, 9);
    // Lately it fell by six in the first of three intervals: a bend of three.
    expect(lag.noise).toBeCloseTo(36 + (9 - 36) / readings, 9);
  });

  it("is measured against what goes before and after, by the time that this took", () => {
    const even = { jobs: [1000, 1010, 1030, 1040], at: [0, 500, 1500, 2000] };
    expect(read({ readings: 0, noise: 0 }, even).lag.noise).toBeCloseTo(0, 9);
    const late = { jobs: [1000, 1030, 1040, 1050], at: [0, 1500, 2000, 2500] };
    expect(read({ readings: 0, noise: 0 }, late).lag.noise).toBeCloseTo(0, 9);
    const bent = { jobs: [1000, 1000, 1010, 1030] };
    expect(read({ readings: 0, noise: 0 }, bent).lag.noise).toBeCloseTo(0, 9);
  });

  it("speaks against each lag by the square of its error, of three deviations at most", () => {
    const { lag, changed } = read({});
    const readings = 20 * Math.exp(-0.5 / 30) + 1;
    const noise = 3 + (36 - 3) / readings;
    expect(lag.against[0]).toBe(0);
    // With a lag of half a second the queue would fall in the third interval: that is nine off.
    expect(lag.against[1]).toBeCloseTo(9 / 2, 9);
    for (const against of lag.against.slice(2))
      expect(against).toBeCloseTo(36 / (noise + 1) / 2, 9);
    expect(lag.against).toHaveLength(41);
    expect(changed).toEqual([false, false, false, false]);
    const earlier = read({}, { past: [0, 10, T + 250, 16] }).lag;
    expect(earlier.against[0]).toBeCloseTo(9 / 2, 9);
    expect(earlier.against[1]).toBe(0);
  });

  it("says nothing of instances that stop", () => {
    const { lag } = read({}, { past: [0, 16, T + 750, 10], jobs: [1000, 1000, 1000, 1000] });
    expect(lag.against.every((against) => against === 0)).toBe(true);
  });

  it("makes what was said before count for less, over sixty times as long as a job may wait", () => {
    const against = noLag().against.map(() => 8);
    expect(read({ against }).lag.against[0]).toBeCloseTo(8 * Math.exp(-0.5 / 600), 9);
  });

  it("makes another lag believed once twelve more speak against the one that was", () => {
    const with2 = (more: number) => {
      const against = noLag().against.map((_, i) => (i === 2 ? more : 0));
      return read({ against, seconds: 1 }, { within: Infinity });
    };
    const noise = 3 + (36 - 3) / 21;
    const just = 12 - 36 / (noise + 1) / 2;
    expect(with2(just - 0.01)).toMatchObject({ hasChanged: false, lag: { seconds: 1 } });
    expect(with2(just + 0.01)).toMatchObject({ hasChanged: true, lag: { seconds: 0 } });
    const against = noLag().against.map((_, i) => (i === 3 ? 0 : 100));
    expect(read({ against })).toMatchObject({ hasChanged: true, lag: { seconds: 1.5 } });
  });

  it("says something from the tenth on", () => {
    const said = (readings: number) => read({ readings }, { within: Infinity }).lag.against[1];
    expect([said(8), said(9)]).toEqual([0, 4.5]);
    expect(read({ readings: 5 }).hasChanged).toBe(false);
  });

  it("says nothing where the number of instances is not known for so long, or has not changed", () => {
    const said = (past: Past) => read({}, { past }).lag.against.some((against) => against > 0);
    const oldest = T - 20_500;
    expect(said([oldest, 10, T + 750, 16])).toBe(true);
    expect(said([oldest + 1, 10, T + 750, 16])).toBe(false);
    expect(said([0, 10])).toBe(false);
    expect(said([0, 16, oldest, 10])).toBe(false);
    expect(said([0, 16, oldest + 1, 10])).toBe(true);
  });

  it("begins a new row after one that is not known", () => {
    const { lag } = read({});
    expect(learnLag(lag, CAME_UP, T + 2000, Number.NaN, WITHIN)).toBe(false);
    expect(lag).toMatchObject({ times: [], jobs: [] });
    expect(read({}).lag).toMatchObject({
      times: [T + 1500, T + 1000, T + 500, T],
      jobs: [994, 994, 1000, 1000],
    });
  });

  it("makes the shortest of those lags believed that are as good", () => {
    const against = noLag().against.map((_, i) => (i === 2 ? 100 : 0));
    const still = { past: [0, 16, T + 750, 10], jobs: [1000, 1000, 1000, 1000] };
    expect(read({ against, seconds: 1 }, still).lag.seconds).toBe(0);
  });

  it("ends the row of four before it", () => {
    const { lag } = read({});
    learnLag(lag, CAME_UP, T + 2000, 990, WITHIN);
    expect(lag.jobs).toEqual([990, 994, 994, 1000]);
    expect(lag.times).toHaveLength(4);
  });
});
