import type { Controller } from "@microscaling/simulator";
import { backlogOf, clip } from "./queue.ts";

const TICK_SECONDS = 10;
const COOLDOWN_SECONDS = 300;
const THRESHOLD = 0.01;

/** Nomad's `target-value` on backlog per instance, with its defaults: ⌈n · metric / target⌉ every 10 s, then 5 minutes of nothing. */
export function nomadLaw({
  target,
  max,
}: {
  readonly target: number;
  readonly max: number;
}): Controller {
  let nextTick = 0;
  let until = 0;
  return {
    decide: ([view]) => {
      const { now, requested } = view!;
      const backlog = backlogOf(view!);
      if (now < nextTick || now < until) return [requested];
      nextTick = now + TICK_SECONDS;
      if (backlog === undefined) return [requested];
      const factor = backlog / Math.max(1, requested) / target;
      if (Math.abs(factor - 1) <= THRESHOLD) return [requested];
      const wanted = clip(Math.ceil(requested * factor), max);
      if (wanted !== requested) until = now + COOLDOWN_SECONDS;
      return [wanted];
    },
  };
}
