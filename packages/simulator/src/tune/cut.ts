import type { Jobs } from "../jobs.ts";

/** The part of a load between two times, in whole seconds from its start. The part itself starts at 0. */
export function cutJobs({ at, work, rate }: Jobs, from: number, to: number): Jobs {
  const first = at.findIndex((time) => time >= from);
  const begin = first < 0 ? at.length : first;
  const next = at.findIndex((time) => time >= to);
  const end = next < 0 ? at.length : next;
  return {
    at: at.slice(begin, end).map((time) => time - from),
    work: work.slice(begin, end),
    seconds: to - from,
    rate: Float64Array.from({ length: to - from }, (_, second) => rate[from + second] ?? 0),
  };
}
