import { describe, expect, it } from "vitest";
import {
  createDecider,
  decide,
  emptyMemory,
  layOutTasks,
  nothingObserved,
  NOTHING_MEASURED,
  type Observed,
  type TaskSpec,
} from "../../src/index.ts";
import { taskSpec } from "../world.ts";

function latencyTask(name: string): TaskSpec {
  return taskSpec(name, { use: "latency", withinMs: 10_000, changesPerMinute: 20 });
}

/** The `round`-th look, half a second after the one before: `each` jobs arrive in between, and two instances finish two. */
function seen(round: number, each: number): Observed {
  const arrived = round * each;
  const finished = round * 2;
  const ready = arrived - finished;
  const parts = { ready, inFlight: 2, arrived, finished: Math.max(0, finished - 2) };
  const counts = { running: 2, starting: 0, stopping: 0, requested: 2 };
  const reading = { kind: "reading", value: ready, at: round * 500, parts } as const;
  return { ...nothingObserved(), counts, countsProblem: undefined, noReading: undefined, reading };
}

/** A look at a task with few jobs, and one at a task with many. */
function looks(round: number) {
  return [seen(round, 3), seen(round, 9)] as const;
}

describe("what is learned in rows of numbers", () => {
  it("stays as it was in the memory that was given: the same input decides the same again", () => {
    const table = layOutTasks([latencyTask("a"), latencyTask("b")], { instances: 20 });
    let memory = emptyMemory(table);
    for (let round = 1; round < 20; round++) {
      const observed = [seen(round, 3), seen(round, 5)];
      const rows = memory.rows.slice();
      const first = decide(table, observed, memory, round * 500);
      expect(memory.rows).toEqual(rows);
      expect(decide(table, observed, memory, round * 500)).toEqual(first);
      ({ memory } = first);
    }
  });

  it("stays with its task over a reload, wherever the task then stands", () => {
    const [a, b, c] = ["a", "b", "c"].map(latencyTask) as [TaskSpec, TaskSpec, TaskSpec];
    const capacity = { instances: 20 };
    const before = createDecider({ tasks: [a, b], capacity });
    for (let round = 1; round < 20; round++)
      before.decide(looks(round), NOTHING_MEASURED, round * 500);
    const [ofA, ofB] = before.decide(looks(20), NOTHING_MEASURED, 10_000);
    expect(ofA!.belief?.arrivalRate).toBeCloseTo(6, 0);
    expect(ofB!.belief?.arrivalRate).toBeCloseTo(18, 0);

    const after = createDecider({ tasks: [c, b, a], capacity }, before);
    const [lookA, lookB] = looks(20);
    const reloaded = after.decide([nothingObserved(), lookB, lookA], NOTHING_MEASURED, 10_000);
    expect(reloaded.map(({ belief }) => belief)).toEqual([undefined, ofB!.belief, ofA!.belief]);
  });
});
