import type { Belief, Reading } from "@microscaling/core";
import type { Rate } from "./generators.ts";
import type { RecordedTurn } from "./record.ts";

/** The load of one task, taken from a recorded run. */
export interface RecordedLoad {
  /** The number of jobs that arrived in each second. */
  readonly rate: Rate;
  /** The time of the first reading, in milliseconds since the epoch. */
  readonly startMs: number;
  /**
   * The source of the load. `counted`: the backend counted arrived or finished jobs. `believed`: the target's own estimate. `growth`: only the
   * growth of the queue, so that jobs that were finished meanwhile are missing.
   */
  readonly by: "counted" | "believed" | "growth";
  /** The target's last estimates of the instances, if it learns. */
  readonly serviceSeconds?: number;
  readonly startupSeconds?: number;
}

/** If readings are further apart than this, in milliseconds, the agent was down, and the time between is unknown. */
const GAP_MS = 60_000;

/** The change from one reading to the next. */
interface Step {
  readonly fromMs: number;
  readonly toMs: number;
  readonly counted: number | undefined;
  readonly believed: number | undefined;
  readonly growth: number;
}

/**
 * Reads the load of one task from a record.
 * @throws MicroscalingError `ERR_RECORD_INVALID` as `readRecord` does
 * @returns `undefined` if the record has fewer than two readings of that task
 */
export async function readRecordedLoad(
  turns: AsyncIterable<RecordedTurn>,
  task: string,
): Promise<RecordedLoad | undefined> {
  const steps: Step[] = [];
  let before: Reading | undefined;
  let belief: Belief | undefined;
  for await (const { spec, decisions } of turns) {
    const decision = decisions[spec.tasks.findIndex(({ name }) => name === task)];
    const reading = decision?.reading;
    belief = decision?.belief ?? belief;
    if (reading === undefined || reading.at === before?.at) continue;
    if (before !== undefined && reading.at > before.at)
      steps.push(stepOf(before, reading, decision?.belief));
    before = reading;
  }
  return steps.length === 0 ? undefined : loadOf(steps, belief);
}

function stepOf(before: Reading, reading: Reading, belief: Belief | undefined): Step {
  const seconds = (reading.at - before.at) / 1000;
  const rate = belief?.arrivalRate;
  const growth = held(reading) - held(before);
  return {
    fromMs: before.at,
    toMs: reading.at,
    counted: countedBetween(before, reading, growth),
    believed: rate === undefined ? undefined : rate * seconds,
    growth: Math.max(0, growth),
  };
}

/** Jobs that are waiting or in progress. */
function held({ value, parts }: Reading): number {
  return (parts?.ready ?? value) + (parts?.inFlight ?? 0);
}

/** How many jobs arrived by the backend's own totals; unknown if a total went back, because a restart reset it to 0. */
function countedBetween(before: Reading, reading: Reading, growth: number): number | undefined {
  const arrived = difference(before.parts?.arrived, reading.parts?.arrived);
  if (arrived !== undefined) return arrived;
  const finished = difference(before.parts?.finished, reading.parts?.finished);
  return finished === undefined ? undefined : Math.max(0, finished + growth);
}

function difference(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined || now < before ? undefined : now - before;
}

function loadOf(steps: readonly Step[], belief: Belief | undefined): RecordedLoad {
  const by = bestOf(steps);
  const startMs = steps[0]!.fromMs;
  const rate = new Float64Array(Math.ceil((steps.at(-1)!.toMs - startMs) / 1000));
  for (const step of steps) {
    const jobs = step[by] ?? 0;
    if (step.toMs - step.fromMs <= GAP_MS)
      spread(rate, (step.fromMs - startMs) / 1000, (step.toMs - startMs) / 1000, jobs);
  }
  const { serviceRate = 0, startupSeconds } = belief ?? {};
  return {
    rate,
    startMs,
    by,
    ...(serviceRate > 0 ? { serviceSeconds: 1 / serviceRate } : {}),
    ...(startupSeconds === undefined ? {} : { startupSeconds }),
  };
}

/** The best source that covers most of the record. */
function bestOf(steps: readonly Step[]): RecordedLoad["by"] {
  const knows = (by: "counted" | "believed"): boolean =>
    2 * steps.filter((step) => step[by] !== undefined).length >= steps.length;
  if (knows("counted")) return "counted";
  return knows("believed") ? "believed" : "growth";
}

/** Spreads jobs evenly over the seconds between two times. */
function spread(rate: Float64Array, from: number, to: number, jobs: number): void {
  for (let second = Math.floor(from); second < Math.min(to, rate.length); second++) {
    const overlap = Math.min(to, second + 1) - Math.max(from, second);
    rate[second] = rate[second]! + (jobs * overlap) / (to - from);
  }
}
