import { APART, type Interval, type Marks } from "./backlog.ts";
import { lagOf } from "./follow-level.ts";
import { lastInterval, type Load } from "./learn.ts";
import { waitingBy } from "./past.ts";
import type { TaskModel } from "./task-model.ts";

/** A queue as it is now, as far as is known. */
export interface Queue {
  /** When the jobs that wait arrived, and the newest interval. */
  readonly marks: Marks;
  readonly interval: Interval;
  /** How old the newest counts are: since then all is foreseen, not seen. In seconds. */
  readonly lagSeconds: number;
}

/**
 * Where counts lag, the queue goes on from the last ones: jobs arrive as expected, and the instances that ran meanwhile are known.
 * @param within how long a job may wait, in seconds
 */
export function presentQueue(model: TaskModel, load: Load, within: number): Queue {
  const { marks, seen, past, arrivals } = model;
  const last = lastInterval(model);
  const lagSeconds = lagOf(model);
  if (load.isCounted || lagSeconds === 0) return { marks, interval: last, lagSeconds: 0 };
  const { at } = seen;
  const { arrivalRate } = load;
  const counted = { at: at - 1000 * lagSeconds, waiting: seen.waiting };
  // Times of arrivals are those of readings: as if the counts were of now, and it were later by the lag.
  const interval: Interval = {
    lastAt: at,
    at: at + 1000 * lagSeconds,
    lastArrived: arrivals,
    arrived: arrivals + arrivalRate * lagSeconds,
    waiting: waitingBy(past, counted, at, load),
  };
  const more = marks.length > 0 ? [...marks] : [last.lastAt, last.lastArrived];
  for (let later = 0; later < lagSeconds; later += APART * within)
    more.push(at + 1000 * later, arrivals + arrivalRate * later);
  return { marks: more, interval, lagSeconds };
}
