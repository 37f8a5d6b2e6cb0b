import { seeded } from "./random.ts";

/** Jobs per second, for each second. */
export type Rate = Float64Array;

/** Builds a rate from a function of the time in seconds. Values below 0 count as 0. */
export function rateOf(seconds: number, at: (second: number) => number): Rate {
  return Float64Array.from({ length: seconds }, (_, second) => Math.max(0, at(second)));
}

/** A step from `low` to `high` at `from`, and back at `to`. */
export function step(shape: {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
}): Rate {
  const { seconds, low, high, from, to } = shape;
  return rateOf(seconds, (t) => (t >= from && t < to ? high : low));
}

/** A ramp: up in a straight line from `low` at `from` to `high` at `top`, then level, then down at the same speed from `fall`. */
export function ramp(shape: {
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly top: number;
  readonly fall: number;
}): Rate {
  const { seconds, low, high, from, top, fall } = shape;
  const slope = (high - low) / (top - from);
  return rateOf(seconds, (t) => {
    const up = low + Math.max(0, t - from) * slope;
    const down = high - Math.max(0, t - fall) * slope;
    return Math.max(low, Math.min(high, up, down));
  });
}

/** A sine around `mean` with the relative `amplitude` and a period of `period` seconds. */
export function sine(shape: {
  readonly seconds: number;
  readonly mean: number;
  readonly amplitude: number;
  readonly period: number;
}): Rate {
  const { seconds, mean, amplitude, period } = shape;
  return rateOf(seconds, (t) => mean * (1 + amplitude * Math.sin((2 * Math.PI * t) / period)));
}

/** A flash crowd: `base`, then up to `base + extra` within `rise` seconds from `at`, level until `hold`, then an exponential decay. */
export function flash(shape: {
  readonly seconds: number;
  readonly base: number;
  readonly extra: number;
  readonly at: number;
  readonly rise: number;
  readonly hold: number;
  readonly decay: number;
}): Rate {
  const { seconds, base, extra, at, rise, hold, decay } = shape;
  return rateOf(seconds, (t) => {
    if (t < at) return base;
    if (t < hold) return base + extra * Math.min(1, (t - at) / rise);
    return base + extra * Math.exp(-(t - hold) / decay);
  });
}

/** A Markov-modulated Poisson process of two states: a quiet and a busy rate, each held for a random time with the given mean. */
export function mmpp(
  shape: {
    readonly seconds: number;
    readonly quiet: number;
    readonly busy: number;
    readonly quietSeconds: number;
    readonly busySeconds: number;
  },
  seed: number,
): Rate {
  const random = seeded(seed, "mmpp");
  let isBusy = false;
  let until = -Math.log(1 - random()) * shape.quietSeconds;
  return rateOf(shape.seconds, (t) => {
    while (t >= until) {
      isBusy = !isBusy;
      until -= Math.log(1 - random()) * (isBusy ? shape.busySeconds : shape.quietSeconds);
    }
    return isBusy ? shape.busy : shape.quiet;
  });
}

/** A batch of `jobs` within one second, every `period` seconds, with no jobs in between. */
export function onOff(shape: {
  readonly seconds: number;
  readonly jobs: number;
  readonly period: number;
}): Rate {
  const { seconds, jobs, period } = shape;
  return rateOf(seconds, (t) => (t % period === 0 ? jobs : 0));
}
