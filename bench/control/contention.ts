// Three tasks of priorities 1, 2 and 3 on a capacity that is too small for all of them at times.
import type { Decision } from "@microscaling/core";
import type { TargetSpec, TaskSpec } from "@microscaling/engine";
import {
  createEngineController,
  drawJobs,
  rateOf,
  simulate,
  sine,
  step,
  type Rate,
  type SimulatedTask,
} from "@microscaling/simulator";
import { FAIR } from "../tasks.ts";
import { SETTINGS } from "./case.ts";
import { latencyTarget, meanOf } from "./controllers.ts";
import { plantOf, seedsOf } from "./suite.ts";

const SECONDS = 1800;
const CAPACITY = 40;
const SETTING = SETTINGS[0]!;
/** In jobs a second, and so in instances: 4 to 28, 4 or 10, and 10; together too many for some minutes of each wave. */
const LOADS: readonly Rate[] = [
  sine({ seconds: SECONDS, mean: 16, amplitude: 0.75, period: 600 }),
  step({ seconds: SECONDS, low: 4, high: 10, from: 400, to: 1300 }),
  rateOf(SECONDS, () => 10),
];

/** Means over the seeds; one number for each class where there are several. */
export interface Contention {
  /** Part of the jobs that were late, in percent: among the others, and alone on the same capacity. */
  readonly late: readonly number[];
  readonly lateAlone: readonly number[];
  /** How often a class that grew shrinks or the other way round, a minute: among the others, and alone. */
  readonly reversals: readonly number[];
  readonly reversalsAlone: readonly number[];
  /** Part of the turns, in percent, in which a task lacks capacity although some is granted to nobody. */
  readonly idle: number;
  /** The most instances that ever were at once, those that start and stop included. */
  readonly most: number;
}

/** Runs the classes together and each alone, on the same jobs. */
export function contend(seeds: number): Contention {
  const runs = seedsOf(seeds).map((seed) => {
    const together = runClasses([0, 1, 2], seed);
    const alone = [0, 1, 2].map((one) => runClasses([one], seed));
    return { together, alone };
  });
  const meanBy = (of: (run: (typeof runs)[number], one: number) => number): number[] =>
    [0, 1, 2].map((one) => meanOf(runs.map((run) => of(run, one))));
  return {
    late: meanBy(({ together }, one) => together.late[one]!),
    lateAlone: meanBy(({ alone }, one) => alone[one]!.late[0]!),
    reversals: meanBy(({ together }, one) => together.reversals[one]!),
    reversalsAlone: meanBy(({ alone }, one) => alone[one]!.reversals[0]!),
    idle: meanOf(runs.map(({ together }) => together.idle)),
    most: Math.max(...runs.map(({ together }) => together.most)),
  };
}

interface Ran {
  readonly late: readonly number[];
  readonly reversals: readonly number[];
  readonly idle: number;
  readonly most: number;
}

function runClasses(classes: readonly number[], seed: number): Ran {
  const target = latencyTarget(SETTING);
  const turns = classes.map(() => createTurns());
  let idle = 0;
  let all = 0;
  let most = 0;
  const controller = createEngineController(
    {
      capacity: { instances: CAPACITY },
      sharing: FAIR,
      tasks: classes.map((one) => taskOf(one, target)),
    },
    {
      decided(_now, decisions) {
        all++;
        if (decisions.some(lacks) && decisions.reduce(roomLeft, CAPACITY) > 0) idle++;
        for (const [i, { granted }] of decisions.entries()) turns[i]!.note(granted);
      },
    },
  );
  const { tasks } = simulate({
    tasks: classes.map((one) => simulatedOf(one, seed)),
    controller: {
      decide(views) {
        most = Math.max(
          most,
          views.reduce((sum, view) => sum + view.running + view.starting + view.stopping, 0),
        );
        return controller.decide(views);
      },
    },
    tickSeconds: 0.5,
    seed,
  });
  return {
    late: tasks.map(({ late }) => 100 * late),
    reversals: turns.map(({ count }) => (60 * count()) / SECONDS),
    idle: (100 * idle) / all,
    most,
  };
}

/** Whether a task would like more than it may ask for. */
function lacks({ limits }: Decision): boolean {
  return limits.some(({ by }) => by === "capacity" || by === "waiting");
}

/** What is left of the room beside a task. What is told to stop in this turn, or still stops, is room that nobody can have yet. */
function roomLeft(room: number, { requested = 0, counts }: Decision): number {
  return room - Math.max(requested, counts!.requested) - counts!.stopping;
}

/** Counts how often a number turns round. */
function createTurns(): { readonly note: (value: number) => void; readonly count: () => number } {
  let last: number | undefined;
  let direction = 0;
  let count = 0;
  return {
    note(value) {
      const moved = Math.sign(value - (last ?? value));
      last = value;
      if (moved === 0) return;
      if (direction === -moved) count++;
      direction = moved;
    },
    count: () => count,
  };
}

function taskOf(one: number, target: TargetSpec): TaskSpec {
  return {
    name: `class ${one + 1}`,
    priority: one + 1,
    min: 1,
    max: CAPACITY,
    maxDelta: CAPACITY,
    uses: {},
    target,
    metric: { source: "queue", query: undefined, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
    workload: undefined,
  };
}

function simulatedOf(one: number, seed: number): SimulatedTask {
  const rate = LOADS[one]!;
  const service = { meanSeconds: 1 / SETTING.mu, shape: "exponential" } as const;
  return {
    name: `class ${one + 1}`,
    jobs: drawJobs(rate, service, 10 * seed + one),
    plant: plantOf(SETTING.startupSeconds),
    signal: { shows: "totals", delaySeconds: 0, loss: 0 },
    withinSeconds: SETTING.withinSeconds,
    initial: [18, 5, 11][one]!,
  };
}
