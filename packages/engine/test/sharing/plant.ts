import {
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  type Observed,
  type SharingSpec,
} from "../../src/index.ts";
import type { Decision } from "@microscaling/core";
import { specOf, type SharingCase } from "./cases.ts";

/** What physically is there of one task. */
export interface Physical {
  running: number;
  starting: number;
  stopping: number;
}

/** A backend whose starts and stops end when the test says so. */
export interface Plant {
  readonly physical: readonly Physical[];
  /** Decides on what is there and does what was decided. */
  step(): readonly Decision[];
  /** Lets some starts and stops end; `draw` gives whole numbers ≥ 0. */
  finishSome(draw: () => number): void;
  finishAll(): void;
}

/** A plant on which what the tasks have runs. Each step is `stepMs` later than the one before. */
export function createPlant(all: SharingCase, sharing: SharingSpec, stepMs = 500): Plant {
  const table = layOutTasks(
    all.sharers.map((sharer) => specOf(sharer)),
    all.capacity,
    sharing,
  );
  const physical = all.sharers.map(({ has }): Physical => {
    return { running: has, starting: 0, stopping: 0 };
  });
  let memory = emptyMemory(table);
  let now = 0;
  return {
    physical,
    step() {
      now += stepMs;
      const decided = decide(table, physical.map(observe), memory, now);
      memory = decided.memory;
      for (const [i, { requested: ask }] of decided.decisions.entries()) scale(physical[i]!, ask!);
      return decided.decisions;
    },
    finishSome(draw) {
      for (const counts of physical)
        finish(counts, draw() % (counts.starting + 1), draw() % (counts.stopping + 1));
    },
    finishAll() {
      for (const counts of physical) finish(counts, counts.starting, counts.stopping);
    },
  };
}

/** How many of each are there, also those that stop. */
export function occupied({ physical }: Plant): number[] {
  return physical.map(({ running, starting, stopping }) => running + starting + stopping);
}

function observe({ running, starting, stopping }: Physical): Observed {
  const counts = { running, starting, stopping, requested: running + starting };
  return { ...nothingObserved(), counts, countsProblem: undefined };
}

function scale(counts: Physical, ask: number): void {
  const change = ask - counts.running - counts.starting;
  if (change > 0) counts.starting += change;
  const fromRunning = Math.min(counts.running, Math.max(0, -change));
  const fromStarting = Math.max(0, -change) - fromRunning;
  counts.running -= fromRunning;
  counts.starting -= fromStarting;
  counts.stopping += fromRunning + fromStarting;
}

function finish(counts: Physical, started: number, stopped: number): void {
  counts.starting -= started;
  counts.running += started;
  counts.stopping -= stopped;
}
