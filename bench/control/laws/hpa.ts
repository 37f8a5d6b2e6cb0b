import type { Controller, View } from "@microscaling/simulator";
import { backlogOf, clip } from "./queue.ts";

/** A Horizontal Pod Autoscaler on an external metric with `AverageValue`, fed by KEDA. */
export interface HpaOptions {
  /** How often KEDA reads the queue, and how often the autoscaler decides, in seconds. */
  readonly pollSeconds: number;
  readonly syncSeconds: number;
  /** It goes down only to the largest answer of this many seconds; 0 means at once. */
  readonly downWindowSeconds: number;
  /** Whether it at most doubles, or adds 4, in one sync. */
  readonly limitsUp: boolean;
  /** Jobs for each instance. */
  readonly target: number;
  readonly max: number;
}

/** As it comes. */
export const KEDA: Omit<HpaOptions, "target" | "max"> = {
  pollSeconds: 30,
  syncSeconds: 15,
  downWindowSeconds: 300,
  limitsUp: true,
};

/** As fast as it goes: flags of KEDA and of the controller manager at 1 s, no stabilization, no rate limit. */
export const KEDA_FAST: Omit<HpaOptions, "target" | "max"> = {
  pollSeconds: 1,
  syncSeconds: 1,
  downWindowSeconds: 0,
  limitsUp: false,
};

const TOLERANCE = 0.1;

/**
 * At every sync: ⌈total / target⌉, unless that is within 10 % of the current number. It goes down only to the largest number of the last minutes, and up
 * to at most max(2n, n + 4).
 */
export function hpaLaw(options: HpaOptions): Controller {
  const { pollSeconds, syncSeconds, downWindowSeconds, limitsUp, target, max } = options;
  const past: { readonly at: number; readonly instances: number }[] = [];
  let total: number | undefined;
  let nextPoll = 0;
  let nextSync = 0;

  function sync({ now, requested }: View): number {
    if (total === undefined) return requested;
    // On first sight it notes what there is, so that nothing goes down in the first window.
    if (past.length === 0) past.push({ at: now, instances: requested });
    past.push({ at: now, instances: proposalOf(total, target, requested) });
    while (past.length > 1 && past[0]!.at < now - downWindowSeconds) past.shift();
    const stabilized =
      downWindowSeconds === 0
        ? past.at(-1)!.instances
        : Math.max(...past.map(({ instances }) => instances));
    const limit = limitsUp ? Math.max(2 * requested, 4) : max;
    return clip(Math.min(stabilized, limit), max);
  }

  return {
    decide: ([view]) => {
      const { now, requested } = view!;
      if (now >= nextPoll) {
        // A poll that fails leaves no value, and then nothing is done.
        total = backlogOf(view!);
        nextPoll += pollSeconds;
      }
      if (now < nextSync) return [requested];
      nextSync += syncSeconds;
      return [sync(view!)];
    },
  };
}

function proposalOf(total: number, target: number, requested: number): number {
  const ratio = total / (target * requested);
  return Math.abs(ratio - 1) <= TOLERANCE ? requested : Math.ceil(total / target);
}
