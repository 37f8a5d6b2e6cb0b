import type { Counts, ReadingResult, SchedulerTask } from "@microscaling/core";
import { nothingObserved, type Observed } from "../decide/observed.ts";
import type { TaskSpec } from "../spec.ts";

/** Everything that is known of one task. `decide` sees the part it needs. */
export interface Slot extends Observed {
  readonly task: TaskSpec;
  countsAt: number | undefined;
  /** The newest trouble with scaling or preparing, until it has passed. */
  schedulerProblem: string | undefined;
  metricFailures: number;
  schedulerFailures: number;
}

/** The latest of everything, written by the watchers and read by the loop. */
export interface Board {
  readonly slots: readonly Slot[];
  slotOf(task: string): Slot | undefined;
  setReading(slot: Slot, result: ReadingResult): void;
  setCounts(slot: Slot, counts: Counts, at: number): void;
  setCountsProblem(slot: Slot, problem: string): void;
  /** Tells the loop that something it has not decided on has changed. */
  changed(): void;
}

/** A board for these tasks; what the old one knows of tasks that stay is taken over. */
export function createBoard(tasks: readonly TaskSpec[], changed: () => void, old?: Board): Board {
  const slots = tasks.map((task): Slot => {
    const known = old?.slotOf(task.name);
    return { ...(known ?? nothingKnown()), task };
  });
  const byName = new Map(slots.map((slot) => [slot.task.name, slot]));
  return {
    slots,
    slotOf: (task) => byName.get(task),
    changed,
    setReading,
    setCounts,
    setCountsProblem(slot, problem) {
      slot.countsProblem = problem;
    },
  };
}

function nothingKnown(): Omit<Slot, "task"> {
  return {
    ...nothingObserved(),
    countsAt: undefined,
    schedulerProblem: undefined,
    metricFailures: 0,
    schedulerFailures: 0,
  };
}

function setReading(slot: Slot, result: ReadingResult): void {
  switch (result.kind) {
    case "reading":
      slot.reading = result;
      slot.noReading = undefined;
      slot.failures = 0;
      break;
    case "hold":
      slot.noReading = result.reason;
      slot.failures = 0;
      break;
    case "failure":
      slot.noReading = result.error.message;
      slot.failures++;
      slot.metricFailures++;
      break;
  }
}

function setCounts(slot: Slot, counts: Counts, at: number): void {
  slot.counts = counts;
  slot.countsAt = at;
  slot.countsProblem = undefined;
  if (counts.running === counts.requested) slot.unsettledSince = undefined;
  else slot.unsettledSince ??= at;
}

/** A task as its scheduler sees it. */
export function toSchedulerTask({ name, workload }: TaskSpec): SchedulerTask {
  return { name, workload };
}
