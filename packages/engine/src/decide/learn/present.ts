import { APART, type Interval, type Marks } from "./backlog.ts";
import type { Load } from "./learn.ts";
import { waitingBy } from "./past.ts";
import type { TaskModel } from "./task-model.ts";

/** How many jobs wait now, if counts lag: predicted from the last count with the instances that have run since. */
export function waitingNow({ seen, past }: TaskModel, load: Load, lagSeconds: number): number {
  const counted = { at: seen.at - 1000 * lagSeconds, waiting: seen.waiting };
  return waitingBy(past, counted, seen.at, load);
}

/**
 * When the jobs that wait now arrived, if counts lag: by the marks until the last count, and evenly since then.
 * @param within how long a job may wait, in seconds
 */
export function arrivedSince(
  { marks, seen, lastAt, lastArrivals, arrivals }: TaskModel,
  { arrivalRate }: Load,
  lagSeconds: number,
  waiting: number,
  within: number,
): { readonly marks: Marks; readonly interval: Interval } {
  const { at } = seen;
  const all = marks.length > 0 ? [...marks] : [lastAt, lastArrivals];
  // Marks have the times of readings. So this acts as if the counts were current and the time were later by the lag.
  for (let later = 0; later < lagSeconds; later += APART * within)
    all.push(at + 1000 * later, arrivals + arrivalRate * later);
  const interval: Interval = {
    lastAt: at,
    at: at + 1000 * lagSeconds,
    lastArrived: arrivals,
    arrived: arrivals + arrivalRate * lagSeconds,
    waiting,
  };
  return { marks: all, interval };
}
