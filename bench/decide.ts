// How long one decision takes for each task, every reading having changed, against the least that such a loop can do.
import {
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  type Observed,
  type TaskSpec,
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
    before = sketch(tasks, observed, capacity, before);
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
  readonly name: string;
  readonly value: number;
  readonly wish: number;
  readonly grant: number;
  readonly limits: readonly string[];
}

/** The baseline: a wish within its bounds and a grant, one plain object a task, in the order of the config. */
function sketch(
  tasks: readonly TaskSpec[],
  observed: readonly Observed[],
  capacity: number,
  before: readonly Sketched[],
): Sketched[] {
  let free = capacity;
  const all: Sketched[] = [];
  for (let i = 0; i < tasks.length; i++) {
    const { name, min, max } = tasks[i]!;
    const value = observed[i]!.reading?.value ?? 0;
    const requested = observed[i]!.counts?.requested ?? 0;
    const velocity = value - (before[i]?.value ?? value);
    const wish = Math.max(0, requested + Math.round((value - 50) * 0.04 + velocity * 0.01));
    const want = Math.min(max, Math.max(min, wish));
    const grant = Math.min(want, free);
    free -= grant;
    const limits: string[] = [];
    if (want !== wish) limits.push(want === max ? "max" : "min");
    if (grant < want) limits.push("capacity");
    all.push({ name, value, wish, grant, limits });
  }
  return all;
}
