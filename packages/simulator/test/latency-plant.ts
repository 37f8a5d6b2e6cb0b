import type { Decision } from "@microscaling/core";
import type { TaskSpec } from "@microscaling/engine";
import { createEngineController, simulate, type Jobs, type TaskOutcome } from "../src/index.ts";
import { PLANT, SIGNAL } from "./fixed.ts";

/** A task with a latency target in a plant of its own. */
export interface LatencyRun {
  readonly jobs: Jobs;
  readonly within: number;
  readonly startup: number;
  readonly initial: number;
  readonly shows?: "length" | "inFlight" | "totals";
  readonly min?: number;
  readonly max?: number;
  readonly tick?: number;
  readonly changesPerMinute?: number;
  readonly forecast?: "off" | "auto";
  readonly loss?: (now: number) => boolean;
}

/** What came of it: every turn's decision, beside the outcome. */
export interface LatencyRunResult extends TaskOutcome {
  readonly turns: readonly { readonly now: number; readonly decision: Decision }[];
}

/** Runs the production decide on it. */
export function runLatency(run: LatencyRun): LatencyRunResult {
  const { jobs, within, startup, initial, shows = "totals", tick = 0.5, min = 1, max = 200 } = run;
  const task: TaskSpec = {
    name: "work",
    priority: 1,
    min,
    max,
    maxDelta: max,
    uses: {},
    target: {
      use: "latency",
      withinMs: within * 1000,
      changesPerMinute: run.changesPerMinute ?? 60,
      ...(run.forecast === undefined ? {} : { forecast: run.forecast }),
    },
    metric: { source: "queue", query: {}, maxAgeMs: 1e9, failures: 1e9, fallback: "hold" },
    workload: {},
  };
  const turns: { now: number; decision: Decision }[] = [];
  const engine = createEngineController(
    { tasks: [task], capacity: { instances: max } },
    { decided: (now, [decision]) => turns.push({ now, decision: decision! }) },
  );
  const controller: typeof engine = {
    decide: (views) =>
      engine.decide(
        views.map((view) =>
          run.loss?.(view.now) === true ? { ...view, reading: undefined } : view,
        ),
      ),
  };
  const simulated = {
    name: "work",
    jobs,
    plant: { ...PLANT, startupSeconds: startup },
    signal: { ...SIGNAL, shows },
    withinSeconds: within,
    initial,
  };
  const { tasks } = simulate({
    tasks: [simulated],
    controller,
    tickSeconds: tick,
    seed: 1,
    timeline: true,
  });
  return { ...tasks[0]!, turns };
}
