import TinyQueue from "tinyqueue";
import type { Jobs } from "./jobs.ts";
import type { Random } from "./random.ts";

/** How the instances of a task behave. */
export interface PlantSpec {
  /** From asking for an instance until it works, in seconds. */
  readonly startupSeconds: number;
  /** By how much that differs at the most, as a part of it, in [0, 1]; evenly. */
  readonly startupJitter: number;
  /** How many of the starts fail, in [0, 1): they take the time of a start and come to nothing. */
  readonly startFails: number;
  /** From the end of its last job until an instance that stops is gone, in seconds. */
  readonly stopSeconds: number;
}

/** What happened to one task in a run. */
export interface Tally {
  /** How long each job that has started waited, in seconds; in the order of arrival. */
  readonly waits: Float64Array;
  readonly arrived: number;
  /** Jobs that have begun: so many of `waits` count. */
  readonly begun: number;
  readonly finished: number;
  /** Instance-seconds from being asked for until gone, from working until gone, and at work on a job. */
  readonly orderedSeconds: number;
  readonly readySeconds: number;
  readonly busySeconds: number;
  /** Job-seconds of waiting, as an integral over the queue's length. */
  readonly waitingSeconds: number;
  readonly started: number;
  readonly failedStarts: number;
  readonly events: number;
}

/** One task's queue and its instances. Time only goes on in `advance`. */
export interface Plant {
  /** Lets everything happen up to this time, in seconds. */
  advance(until: number): void;
  /** Asks for so many instances, from now on. */
  ask(instances: number): void;
  readonly waiting: () => number;
  /** Running totals. */
  readonly arrived: () => number;
  readonly finished: () => number;
  readonly inFlight: () => number;
  readonly running: () => number;
  readonly starting: () => number;
  readonly stopping: () => number;
  readonly requested: () => number;
  /** How long the job at the head of the queue has waited, in seconds; 0 when none waits. */
  readonly oldestWait: () => number;
  readonly tally: () => Tally;
}

/**
 * A first-come-first-served queue before instances that each do one job at a time. An instance that is told to stop finishes its job
 * first; one that still starts is given up at once, the newest first.
 * @param instances how many work at time 0
 */
export function openPlant(spec: PlantSpec, jobs: Jobs, instances: number, random: Random): Plant {
  const { at, work } = jobs;
  const { startupSeconds, startupJitter, startFails, stopSeconds } = spec;
  const waits = new Float64Array(at.length);
  const completions = new TinyQueue<number>();
  const departures = new TinyQueue<number>();
  /** When each that starts will work, ascending. */
  const starts: number[] = [];
  let now = 0;
  let arrived = 0;
  let begun = 0;
  let finished = 0;
  /** Up, those that finish their last job included. */
  let up = instances;
  let retiring = 0;
  let started = 0;
  let failedStarts = 0;
  let events = 0;
  let orderedSeconds = 0;
  let readySeconds = 0;
  let busySeconds = 0;
  let waitingSeconds = 0;
  let countedAt = 0;
  let waitedAt = 0;

  /** Before the number of instances changes. */
  function countInstances(): void {
    const passed = now - countedAt;
    readySeconds += (up + departures.length) * passed;
    orderedSeconds += (up + departures.length + starts.length) * passed;
    countedAt = now;
  }

  /** Before the number of waiting jobs changes. */
  function countWaiting(): void {
    waitingSeconds += (arrived - begun) * (now - waitedAt);
    waitedAt = now;
  }

  function takeNext(): number {
    const job = begun++;
    waits[job] = now - at[job]!;
    busySeconds += work[job]!;
    return now + work[job]!;
  }

  function arrive(): void {
    if (arrived > begun || completions.length === up) {
      countWaiting();
      arrived++;
      return;
    }
    arrived++;
    completions.push(takeNext());
  }

  function finish(): void {
    finished++;
    if (retiring > 0) {
      countInstances();
      completions.pop();
      retiring--;
      leave();
    } else if (arrived > begun) {
      countWaiting();
      completions.pop();
      completions.push(takeNext());
    } else completions.pop();
  }

  function leave(): void {
    up--;
    if (stopSeconds > 0) departures.push(now + stopSeconds);
  }

  function comeUp(): void {
    countInstances();
    starts.shift();
    if (startFails > 0 && random() < startFails) {
      failedStarts++;
      return;
    }
    up++;
    if (arrived === begun) return;
    countWaiting();
    completions.push(takeNext());
  }

  function start(): void {
    const spread = startupJitter > 0 ? startupJitter * (2 * random() - 1) : 0;
    const ready = now + startupSeconds * (1 + spread);
    let i = starts.length;
    while (i > 0 && starts[i - 1]! > ready) i--;
    starts.splice(i, 0, ready);
    started++;
  }

  function stop(): void {
    if (starts.length > 0) starts.pop();
    else if (up > completions.length) leave();
    else retiring++;
  }

  const requested = (): number => up - retiring + starts.length;

  return {
    advance(until) {
      for (;;) {
        const arrival = arrived < at.length ? at[arrived]! : Number.POSITIVE_INFINITY;
        const completion = completions.peek() ?? Number.POSITIVE_INFINITY;
        const rest = Math.min(
          starts[0] ?? Number.POSITIVE_INFINITY,
          departures.peek() ?? Number.POSITIVE_INFINITY,
        );
        const next = Math.min(arrival, completion, rest);
        if (next > until) break;
        now = next;
        events++;
        if (next === arrival) arrive();
        else if (next === completion) finish();
        else if (next === starts[0]) comeUp();
        else {
          countInstances();
          departures.pop();
        }
      }
      now = until;
    },
    ask(wanted) {
      const change = wanted - requested();
      if (change === 0) return;
      countInstances();
      for (let i = 0; i < change; i++) start();
      for (let i = 0; i < -change; i++) stop();
      if (startupSeconds === 0) this.advance(now);
    },
    waiting: () => arrived - begun,
    arrived: () => arrived,
    finished: () => finished,
    inFlight: () => completions.length,
    running: () => up - retiring,
    starting: () => starts.length,
    stopping: () => retiring + departures.length,
    requested,
    oldestWait: () => (arrived > begun ? now - at[begun]! : 0),
    tally() {
      countInstances();
      countWaiting();
      const sums = { orderedSeconds, readySeconds, busySeconds, waitingSeconds };
      return { waits, arrived, begun, finished, ...sums, started, failedStarts, events };
    },
  };
}
