import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import {
  drawJobs,
  flash,
  mmpp,
  onOff,
  ramp,
  rateOf,
  rateOfCounts,
  readColumns,
  readCounts,
  seeded,
  sine,
  step,
  type Jobs,
  type Rate,
  type ServiceTimes,
} from "@microscaling/simulator";
import { daily } from "./daily.ts";

/** What arrives. `c` is the rate that 20 instances keep up with, in jobs a second. */
export type Load =
  | { readonly use: "generator"; readonly name: keyof typeof GENERATORS; readonly c: number }
  | { readonly use: "counts"; readonly file: string; readonly squeeze: Squeeze; readonly c: number }
  | { readonly use: "jobs"; readonly file: string }
  | { readonly use: "random"; readonly c: number };

/** How a trace of counts becomes a rate. */
export interface Squeeze {
  readonly secondsPerBin: number;
  /** So many bins of the trace are one bin here, ≥ 1. */
  readonly together: number;
  /** This part of the bins, in (0, 1], is at `peak` · c or below; none is above `cap` · c. */
  readonly part: number;
  readonly peak: number;
  readonly cap: number;
  /** Only these bins of the trace, the last one not included. Default: all. */
  readonly bins?: readonly [from: number, to: number];
}

/** The trace folder of the project. */
export const TRACES: string = join(import.meta.dirname, "traces");

/** The generated loads of the suite, as functions of c and the seed. */
export const GENERATORS = {
  step: (c: number): Rate =>
    step({ seconds: 1500, low: 0.15 * c, high: 1.5 * c, from: 300, to: 900 }),
  ramp: (c: number): Rate =>
    ramp({ seconds: 1500, low: 0.1 * c, high: 1.7 * c, from: 120, top: 720, fall: 900 }),
  sine: (c: number): Rate => sine({ seconds: 2400, mean: c, amplitude: 0.8, period: 600 }),
  flash: (c: number): Rate =>
    flash({
      seconds: 1500,
      base: 0.3 * c,
      extra: 1.8 * c,
      at: 300,
      rise: 30,
      hold: 400,
      decay: 150,
    }),
  mmpp: (c: number, seed: number): Rate =>
    mmpp({ seconds: 2400, quiet: 0.4 * c, busy: 2 * c, quietSeconds: 60, busySeconds: 20 }, seed),
  /** Batches of 10 · c jobs, which is 200 s of one instance's work for each job it does a second. */
  "on/off": (c: number): Rate => onOff({ seconds: 3000, jobs: 10 * c, period: 300 }),
  "constant, 20 busy": (c: number): Rate => rateOf(7200, () => c),
  "constant, 5 busy": (c: number): Rate => rateOf(7200, () => c / 4),
  "constant, 15 min": (c: number): Rate => rateOf(900, () => c),
  daily,
} as const;

/** No trace lasts longer here, in seconds. */
const LONGEST_SECONDS = 3000;

/** A trace of counts that was not chosen for the suite: with its peak at 2.2c, compressed to at most 3,000 s. */
export function squeezed(file: string): Squeeze {
  const { binSeconds, counts } = readTrace(file);
  const together = Math.ceil(counts.length / LONGEST_SECONDS);
  const bins = Math.ceil(counts.length / together);
  const secondsPerBin = Math.min(binSeconds * together, Math.floor(LONGEST_SECONDS / bins));
  return { secondsPerBin, together, part: 1, peak: 2.2, cap: 2.2 };
}

/** Draws the jobs of a load. The same seed gives the same jobs. */
export function jobsOf(load: Load, service: ServiceTimes, seed: number): Jobs {
  if (load.use === "jobs") return readJobs(load.file);
  return drawJobs(rateOfLoad(load, seed), service, seed);
}

function rateOfLoad(load: Exclude<Load, { use: "jobs" }>, seed: number): Rate {
  if (load.use === "generator") return GENERATORS[load.name](load.c, seed);
  if (load.use === "random") return randomRate(load.c, seed);
  const { secondsPerBin, together, part, peak, cap, bins: range } = load.squeeze;
  const bins = gather(readTrace(load.file).counts.slice(range?.[0], range?.[1]), together);
  const sorted = bins.toSorted();
  const reference = sorted[Math.ceil(part * sorted.length) - 1]!;
  const scale = (peak * load.c * secondsPerBin) / reference;
  return rateOfCounts(bins, secondsPerBin, scale).map((rate) => Math.min(rate, cap * load.c));
}

function gather(counts: Float64Array, together: number): Float64Array {
  const bins = new Float64Array(Math.ceil(counts.length / together));
  for (const [i, count] of counts.entries())
    bins[Math.floor(i / together)] = bins[Math.floor(i / together)]! + count;
  return bins;
}

/** A load that nobody chose: one of the shapes with its numbers drawn, 900 s long. */
function randomRate(c: number, seed: number): Rate {
  const draw = drawnFrom(seed);
  const seconds = 900;
  const base = draw(0.1, 0.8) * c;
  const at = draw(100, 300);
  const shapes = [
    () => step({ seconds, low: base, high: draw(0.5, 2) * c, from: at, to: at + draw(100, 500) }),
    () =>
      ramp({
        seconds,
        low: base,
        high: base + draw(0.5, 1.5) * c,
        from: at,
        top: at + draw(60, 400),
        fall: 700,
      }),
    () =>
      sine({ seconds, mean: draw(0.5, 1) * c, amplitude: draw(0.2, 0.9), period: draw(120, 900) }),
    () =>
      flash({
        seconds,
        base,
        extra: draw(0.5, 1.6) * c,
        at,
        rise: draw(20, 120),
        hold: at + 200,
        decay: draw(60, 240),
      }),
    () =>
      mmpp(
        {
          seconds,
          quiet: base,
          busy: draw(0.8, 2) * c,
          quietSeconds: draw(30, 120),
          busySeconds: draw(15, 60),
        },
        seed,
      ),
  ];
  return shapes[Math.floor(draw(0, shapes.length))]!();
}

/** Numbers between bounds, the same for the same seed. */
export function drawnFrom(seed: number): (low: number, high: number) => number {
  const draw = seeded(seed, "scenario");
  return (low, high) => low + (high - low) * draw();
}

const traces = new Map<string, ReturnType<typeof readCounts>>();

function readTrace(file: string): ReturnType<typeof readCounts> {
  const known = traces.get(file) ?? readCounts(readFileSync(file, "utf8"), basename(file));
  traces.set(file, known);
  return known;
}

/** A trace of jobs, as it is. A job takes 0.1 s and 0.0002 s for a context token and 0.03 s for a generated one. */
function readJobs(file: string): Jobs {
  const columns = ["offset_s", "context_tokens", "generated_tokens"];
  const rows = readColumns(readFileSync(file, "utf8"), basename(file), columns);
  const at = Float64Array.from(rows, ([offset]) => offset!);
  const work = Float64Array.from(
    rows,
    ([, context, made]) => 0.1 + 0.0002 * context! + 0.03 * made!,
  );
  const seconds = Math.ceil(at.at(-1) ?? 0) + 60;
  return { at, work, seconds, rate: smoothed(at, seconds) };
}

/** There is no true mean of what happened once: the arrivals of the minute around each second stand for it. */
function smoothed(at: Float64Array, seconds: number): Float64Array {
  const total = new Float64Array(seconds + 1);
  for (const time of at) total[Math.floor(time) + 1]!++;
  for (let i = 1; i <= seconds; i++) total[i]! += total[i - 1]!;
  return Float64Array.from({ length: seconds }, (_, second) => {
    const from = Math.max(0, second - 30);
    const to = Math.min(seconds, second + 30);
    return (total[to]! - total[from]!) / (to - from);
  });
}
