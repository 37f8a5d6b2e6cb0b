// How long one decision takes for each task, every reading having changed, against the least that such a loop can do.
import {
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  type Observed,
  type SharingSpec,
  type TaskSpec,
  type TaskTable,
} from "@microscaling/engine";
import type { Reading } from "@microscaling/core";
import { median, row, type Row } from "./row.ts";
import { FAIR, LATENCY, mixedTasks } from "./tasks.ts";

const SIZES = [100, 1000, 10_000, 100_000];
/** Tasks decided on in all for each size. */
const DECISIONS = 3_000_000;
const LEAST_ROUNDS = 40;

/** Measures all sizes, and what latency targets and fair sharing cost beside queue lengths in the order of the config. */
export async function run(): Promise<Row[]> {
  const sizes = SIZES.map((n) => {
    const { decided, sketched } = measure(n);
    const bar = { value: n > 10_000 ? 0.8 : 0.4 };
    return row(`decide, ${n.toLocaleString("en")} tasks, each`, "µs", decided, sketched, bar);
  });
  // As much as there is in the rows above, and half of it, so that most tasks are limited.
  const fair = [6, 3].map((roomEach) => {
    const { latency, queue } = measureTargets(10_000, roomEach);
    const room = roomEach === 6 ? "" : " half the room,";
    const name = `decide, 10,000 tasks, latency and fair against queue and ordered,${room} each`;
    return row(name, "µs", latency, queue, { ratio: 2 });
  });
  return [...sizes, ...fair];
}

/** The same tasks and readings, with totals to learn from, once with latency targets and fair sharing, once with queue lengths in order. */
function measureTargets(
  n: number,
  roomEach: number,
): { readonly latency: number; readonly queue: number } {
  const queue = decidingOn(mixedTasks(n), n * roomEach);
  const latency = decidingOn(mixedTasks(n, LATENCY), n * roomEach, FAIR);
  const random = createRandom();
  for (let round = 1; round <= DECISIONS / n; round++) {
    const readings = queue.observed.map(() => {
      const ready = Math.floor(random() * 120);
      const parts = { ready, inFlight: 5, arrived: round * 200 + ready, finished: round * 200 - 5 };
      return { kind: "reading", value: ready, at: round * 500, parts } as const;
    });
    // Turn by turn, as below.
    for (const one of [queue, latency]) one.turn(readings, round * 500);
  }
  return { latency: latency.micros() / n, queue: queue.micros() / n };
}

/** Tasks that are decided on again and again. */
interface Deciding {
  readonly observed: readonly Observed[];
  readonly turn: (readings: readonly Reading[], now: number) => void;
  /** The middle one of all turns, in µs. */
  readonly micros: () => number;
}

function decidingOn(tasks: readonly TaskSpec[], capacity: number, sharing?: SharingSpec): Deciding {
  const table = layOutTasks(tasks, { instances: capacity }, sharing);
  const observed = tasks.map(observedTask);
  const took: number[] = [];
  let memory = emptyMemory(table);
  return {
    observed,
    turn(readings, now) {
      for (const [i, each] of observed.entries()) each.reading = readings[i];
      const start = performance.now();
      memory = decide(table, observed, memory, now).memory;
      took.push(performance.now() - start);
    },
    micros: () => 1000 * median(took),
  };
}

function measure(n: number): { readonly decided: number; readonly sketched: number } {
  const tasks = mixedTasks(n);
  const capacity = n * 6;
  const table = layOutTasks(tasks, { instances: capacity });
  const observed = tasks.map(observedTask);
  const random = createRandom();
  const decided: number[] = [];
  const sketched: number[] = [];
  let memory = emptyMemory(table);
  let before: readonly Sketched[] = [];
  const rounds = Math.max(LEAST_ROUNDS, Math.ceil(DECISIONS / n));
  for (let round = 1; round <= rounds; round++) {
    const now = round * 500;
    for (const each of observed)
      each.reading = { kind: "reading", value: Math.floor(random() * 120), at: now };
    // Turn by turn, so that both meet the same garbage and the same neighbours on the machine.
    let start = performance.now();
    memory = decide(table, observed, memory, now).memory;
    decided.push(performance.now() - start);
    start = performance.now();
    before = sketch(table, observed, capacity, before);
    sketched.push(performance.now() - start);
  }
  return { decided: (median(decided) * 1000) / n, sketched: (median(sketched) * 1000) / n };
}

function observedTask(): Observed {
  const counts = { running: 5, starting: 0, stopping: 0, requested: 5 };
  return { ...nothingObserved(), counts, countsProblem: undefined, noReading: undefined };
}

/** The same numbers in every run. */
function createRandom(): () => number {
  let seed = 1;
  return () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

interface Sketched {
  readonly task: string;
  readonly value: number;
  readonly velocity: number;
  readonly desired: number;
  readonly reason: string;
  readonly granted: number;
  readonly limits: readonly { readonly by: string }[];
}

/** The baseline: a desired number within its bounds, granted by priority, one plain object a task, no rule of preemption, settling or failing. */
function sketch(
  { tasks, order }: TaskTable,
  observed: readonly Observed[],
  capacity: number,
  before: readonly Sketched[],
): Sketched[] {
  let free = capacity;
  const all: Sketched[] = Array.from({ length: tasks.length });
  for (const i of order) {
    const { name, min, max } = tasks[i]!;
    const value = observed[i]!.reading?.value ?? 0;
    const requested = observed[i]!.counts?.requested ?? 0;
    const velocity = value - (before[i]?.value ?? value);
    const desired = Math.max(0, requested + Math.round((value - 50) * 0.04 + velocity * 0.01));
    const bounded = Math.min(max, Math.max(min, desired));
    const granted = Math.min(bounded, free);
    free -= granted;
    const limits: { by: string }[] = [];
    if (bounded !== desired) limits.push({ by: bounded === max ? "max" : "min" });
    if (granted < bounded) limits.push({ by: "capacity" });
    const reason = desired > requested ? "above" : desired < requested ? "below" : "meeting";
    all[i] = { task: name, value, velocity, desired, reason, granted, limits };
  }
  return all;
}
