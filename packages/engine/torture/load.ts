import type { ReadingParts } from "@microscaling/core";

/** The jobs of one task's queue, as a fluid: every running instance works on them. */
export interface Queue {
  /** Jobs that arrive, per second. */
  arrivalRate: number;
  /** Jobs that one instance finishes, per second. */
  readonly serviceRate: number;
  /** Jobs in the queue, those that are worked on included. */
  jobs: number;
  arrived: number;
  finished: number;
  /** When these numbers were true, in milliseconds. */
  at: number;
  /** Once the load is frozen: what is read from now on. */
  frozen: number | undefined;
}

/** An empty queue. */
export function newQueue(serviceRate: number): Queue {
  return {
    arrivalRate: 0,
    serviceRate,
    jobs: 0,
    arrived: 0,
    finished: 0,
    at: 0,
    frozen: undefined,
  };
}

/** Lets the instances work until `now`. */
export function work(queue: Queue, running: number, now: number): void {
  const seconds = (now - queue.at) / 1000;
  if (seconds <= 0) return;
  const came = queue.arrivalRate * seconds;
  const could = running * queue.serviceRate * seconds;
  const done = Math.min(queue.jobs + came, could);
  queue.jobs = Math.max(0, queue.jobs + came - done);
  queue.arrived += came;
  queue.finished += done;
  queue.at = now;
}

/** What a metric reads of it. */
export function readQueue(
  queue: Queue,
  running: number,
  parts: readonly (keyof ReadingParts)[],
): { value: number; parts?: ReadingParts } {
  const jobs = Math.floor(queue.jobs);
  const inFlight = Math.min(jobs, running);
  const ready = queue.frozen ?? jobs - inFlight;
  if (parts.length === 0) return { value: ready };
  const arrived = Math.floor(queue.arrived);
  const all = { ready, inFlight, delayed: 0, arrived, finished: Math.max(0, arrived - jobs) };
  return { value: ready, parts: Object.fromEntries(parts.map((part) => [part, all[part]])) };
}
