import type { Controller } from "@microscaling/simulator";
import { clip } from "./queue.ts";

/** What its user tells it: it learns neither. */
interface Plant {
  /** μ: jobs a second that one instance finishes. */
  readonly serviceRate: number;
  readonly startupSeconds: number;
  readonly withinSeconds: number;
  readonly max: number;
}

/** Over so long the rate is averaged, and over so long once it is known to have changed. */
const SLOW_SECONDS = 60;
const FAST_SECONDS = 6;
/** A two-sided CUSUM of standardised samples: slack and alarm, in standard deviations. */
const SLACK = 0.5;
const ALARM = 8;
/** The fraction of jobs that may wait longer than allowed. */
const LATE = 0.001;
/** A surplus must last so long before it goes. */
const DOWN_SECONDS = 5;

/**
 * The rule of 25 lines that the bars of issue 12 were taken from: a level whose queue has an exponential tail, up when the queue may
 * outgrow it before a start shows, down after five seconds of surplus.
 */
export function sketchLaw(plant: Plant): Controller {
  const { serviceRate: mu, withinSeconds: within, max } = plant;
  const seen = { at: Number.NaN, arrived: 0, slow: Number.NaN, fast: 0, above: 0, below: 0 };
  let surplusSince: number | undefined;

  function learn(now: number, arrived: number): number {
    const seconds = now - seen.at;
    const rate = (arrived - seen.arrived) / seconds;
    Object.assign(seen, { at: now, arrived });
    if (Number.isNaN(rate)) return Number.NaN;
    if (Number.isNaN(seen.slow)) seen.slow = seen.fast = rate;
    const deviation = (rate - seen.slow) / Math.sqrt(Math.max(seen.slow, SLACK) / seconds);
    seen.above = Math.max(0, seen.above + deviation - SLACK);
    seen.below = Math.max(0, seen.below - deviation - SLACK);
    seen.fast += (rate - seen.fast) * (1 - Math.exp(-seconds / FAST_SECONDS));
    seen.slow += (rate - seen.slow) * (1 - Math.exp(-seconds / SLOW_SECONDS));
    if (Math.max(seen.above, seen.below) > ALARM)
      Object.assign(seen, { slow: seen.fast, above: 0, below: 0 });
    return seconds;
  }

  function desired(now: number, seconds: number, queue: number, requested: number): number {
    const { slow, fast } = seen;
    const shows = plant.startupSeconds + seconds;
    const sure = Math.max(within - 0.3 * shows, 0.3 * within);
    const level = Math.max(1, Math.ceil(slow / mu + Math.log(1 / LATE) / (mu * sure)));
    const holds = mu * requested * within;
    const more = Math.max(0, fast - mu * requested) * shows + 2 * Math.sqrt(2 * fast * shows);
    const isSurplus = requested > level + Math.max(0.5, (0.08 * slow) / mu) && queue < 0.2 * holds;
    surplusSince = isSurplus ? (surplusSince ?? now) : undefined;
    if (queue + more > 0.9 * holds) {
      const drain = Math.max(0, queue - 0.3 * holds) / (0.6 * mu * within);
      return Math.max(requested, level, Math.ceil(Math.max(slow, fast) / mu + drain));
    }
    if (surplusSince === undefined || now - surplusSince < DOWN_SECONDS) return requested;
    surplusSince = undefined;
    return level;
  }

  return {
    decide: ([view]) => {
      const { now, reading, requested } = view!;
      const arrived = reading?.parts?.arrived;
      if (reading === undefined || arrived === undefined) return [requested];
      const seconds = learn(now, arrived);
      if (Number.isNaN(seconds)) return [requested];
      return [clip(desired(now, seconds, reading.value, requested), max)];
    },
  };
}
