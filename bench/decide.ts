// How long one decision takes for each task, every reading having changed, against the least that such a loop can do.
import {
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  type Observed,
  type TaskTable,
} from "@microscaling/engine";
import { median, row, type Row } from "./row.ts";
import { mixedTasks } from "./tasks.ts";

const SIZES = [100, 1000, 10_000, 100_000];
/** Tasks decided on in all for each size. */
const DECISIONS = 3_000_000;
const LEAST_ROUNDS = 40;

/** Measures all sizes. */
export async function run(): Promise<Row[]> {
  return SIZES.map((n) => {
    const { decided, sketched } = measure(n);
    const bar = { value: n > 10_000 ? 0.8 : 0.4 };
    return row(`decide, ${n.toLocaleString("en")} tasks, each`, "µs", decided, sketched, bar);
  });
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
  readonly wish: number;
  readonly reason: string;
  readonly grant: number;
  readonly limits: readonly { readonly by: string }[];
}

/** The baseline: a wish within its bounds and a grant by priority, one plain object a task, no rule of preemption, settling or failing. */
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
    const wish = Math.max(0, requested + Math.round((value - 50) * 0.04 + velocity * 0.01));
    const want = Math.min(max, Math.max(min, wish));
    const grant = Math.min(want, free);
    free -= grant;
    const limits: { by: string }[] = [];
    if (want !== wish) limits.push({ by: want === max ? "max" : "min" });
    if (grant < want) limits.push({ by: "capacity" });
    const reason = wish > requested ? "above" : wish < requested ? "below" : "meeting";
    all[i] = { task: name, value, velocity, wish, reason, grant, limits };
  }
  return all;
}
