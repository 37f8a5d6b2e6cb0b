import TinyQueue from "tinyqueue";
import type { Jobs } from "./jobs.ts";
import { drawLogNormal, type Random } from "./random.ts";
import { createWorkers } from "./workers.ts";

/** How the instances of a task behave. */
export interface PlantSpec {
  /** The time from asking for an instance until it works, in seconds. */
  readonly startupSeconds: number;
  /** The largest relative deviation of the start-up time, in [0, 1]; uniformly distributed. */
  readonly startupJitter: number;
  /** Standard deviation divided by mean of a log-normal start-up time, > 0. Above 1 the tail is heavy. Default: not log-normal, see the jitter. */
  readonly startupCv?: number;
  /** The fraction of starts that fail, in [0, 1). A failed start takes as long as any other. */
  readonly startFails: number;
  /** The time from the end of an instance's last job until the instance is gone, in seconds. */
  readonly stopSeconds: number;
  /** How many jobs an instance works on at once, each at full speed; a whole number ≥ 1. Default: 1. */
  readonly concurrency?: number;
}

/** What happened to one task in a run. */
export interface Tally {
  /** How long each job that has started waited, in seconds; in the order of arrival. */
  readonly waits: Float64Array;
  readonly arrived: number;
  /** The number of jobs that have begun. Only this many of `waits` count. */
  readonly begun: number;
  readonly finished: number;
  /** Instance-seconds from the request until the instance is gone, and from when it can work until it is gone. */
  readonly orderedSeconds: number;
  readonly readySeconds: number;
  /** The work of all jobs that have begun, in seconds of one job. */
  readonly busySeconds: number;
  /** Job-seconds of waiting: the integral of the queue's length. */
  readonly waitingSeconds: number;
  readonly started: number;
  readonly failedStarts: number;
  readonly events: number;
}

/** One task's queue and its instances. Time passes only in `advance`. */
export interface Plant {
  /** Advances to this time, in seconds. */
  advance(until: number): void;
  /** Requests this number of instances from now on. */
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
  /** How long the job at the head of the queue has waited, in seconds; 0 if none waits. */
  readonly oldestWait: () => number;
  readonly tally: () => Tally;
}

/**
 * A first-come-first-served queue with instances. An instance that is told to stop finishes its jobs first. An instance that is still starting
 * is given up at once, the newest first.
 * @param instances the number of working instances at time 0
 */
export function openPlant(spec: PlantSpec, jobs: Jobs, instances: number, random: Random): Plant {
  const { at, work } = jobs;
  const { startupSeconds, startFails, stopSeconds } = spec;
  const drawStartup = startupTimes(spec, random);
  const waits = new Float64Array(at.length);
  const workers = createWorkers(instances, spec.concurrency ?? 1);
  const departures = new TinyQueue<number>();
  /** When each starting instance will work, ascending. */
  const starts: number[] = [];
  let now = 0;
  let arrived = 0;
  let begun = 0;
  let finished = 0;
  let started = 0;
  let failedStarts = 0;
  let events = 0;
  let orderedSeconds = 0;
  let readySeconds = 0;
  let busySeconds = 0;
  let waitingSeconds = 0;
  let countedAt = 0;
  let waitedAt = 0;

  /** Call this before the number of instances changes. */
  function countInstances(): void {
    const passed = now - countedAt;
    const present = workers.up() + departures.length;
    readySeconds += present * passed;
    orderedSeconds += (present + starts.length) * passed;
    countedAt = now;
  }

  /** Call this before the number of waiting jobs changes. */
  function countWaiting(): void {
    waitingSeconds += (arrived - begun) * (now - waitedAt);
    waitedAt = now;
  }

  function takeNext(): void {
    const job = begun++;
    waits[job] = now - at[job]!;
    busySeconds += work[job]!;
    workers.take(now + work[job]!);
  }

  /** Gives waiting jobs to free instances. */
  function takeWaiting(): void {
    if (arrived === begun) return;
    countWaiting();
    while (arrived > begun && !workers.isFull()) takeNext();
  }

  function arrive(): void {
    if (arrived > begun || workers.isFull()) {
      countWaiting();
      arrived++;
      return;
    }
    arrived++;
    takeNext();
  }

  function finish(): void {
    finished++;
    if (workers.retiring() > 0) countInstances();
    if (workers.finish()) depart();
    else takeWaiting();
  }

  function depart(): void {
    if (stopSeconds > 0) departures.push(now + stopSeconds);
  }

  function comeUp(): void {
    countInstances();
    starts.shift();
    if (startFails > 0 && random() < startFails) {
      failedStarts++;
      return;
    }
    workers.add();
    takeWaiting();
  }

  function start(): void {
    const ready = now + drawStartup();
    let i = starts.length;
    while (i > 0 && starts[i - 1]! > ready) i--;
    starts.splice(i, 0, ready);
    started++;
  }

  function stop(): void {
    if (starts.length > 0) starts.pop();
    else if (workers.retire()) depart();
  }

  const requested = (): number => workers.up() - workers.retiring() + starts.length;

  return {
    advance(until) {
      for (;;) {
        const arrival = arrived < at.length ? at[arrived]! : Number.POSITIVE_INFINITY;
        const completion = workers.next();
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
    inFlight: () => workers.inFlight(),
    running: () => workers.up() - workers.retiring(),
    starting: () => starts.length,
    stopping: () => workers.retiring() + departures.length,
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

function startupTimes(spec: PlantSpec, random: Random): () => number {
  const { startupSeconds, startupJitter, startupCv } = spec;
  if (startupCv !== undefined) return drawLogNormal(startupSeconds, startupCv, random);
  if (startupJitter === 0) return () => startupSeconds;
  return () => startupSeconds * (1 + startupJitter * (2 * random() - 1));
}
