import type { Controller, View } from "@microscaling/simulator";
import { clip } from "./queue.ts";

const SAMPLE_SECONDS = 60;
const OUT_POINTS = 3;
const IN_POINTS = 15;
const IN_BELOW = 0.9;
const COOLDOWN_SECONDS = 300;

/**
 * Target tracking on backlog per instance: visible messages over running instances, once a minute. Out after 3 points above the
 * target, to ⌈n · metric / target⌉; in after 15 points more than 10 % below it, rounded so that fewer go. Cooldowns of 300 s; while
 * the one after growth lasts, only a larger growth counts, less what was added already.
 */
export function awsLaw({
  target,
  max,
}: {
  readonly target: number;
  readonly max: number;
}): Controller {
  const points: number[] = [];
  let nextSample = 0;
  let outAt = Number.NEGATIVE_INFINITY;
  let inAt = Number.NEGATIVE_INFINITY;
  let added = 0;

  function decideAt(view: View): number {
    const { now, requested } = view;
    const metric = points.at(-1)!;
    if (points.slice(-OUT_POINTS).filter((point) => point > target).length === OUT_POINTS) {
      const more = Math.ceil((requested * metric) / target) - requested;
      const change = now < outAt + COOLDOWN_SECONDS ? more - added : more;
      if (change <= 0) return requested;
      added = more;
      outAt = now;
      inAt = Number.NEGATIVE_INFINITY;
      return clip(requested + change, max);
    }
    const isLow =
      points.length >= IN_POINTS &&
      points.slice(-IN_POINTS).every((point) => point < IN_BELOW * target);
    if (!isLow || now < inAt + COOLDOWN_SECONDS) return requested;
    inAt = now;
    return clip(requested - Math.floor(requested - (requested * metric) / target), max);
  }

  return {
    decide: ([view]) => {
      const { now, reading, running, requested } = view!;
      if (now < nextSample) return [requested];
      nextSample += SAMPLE_SECONDS;
      // Without data there is no action, and the alarms wait for whole rows of points.
      if (reading === undefined) return [requested];
      points.push(reading.value / Math.max(1, running));
      if (points.length > IN_POINTS) points.shift();
      return [decideAt(view!)];
    },
  };
}
