import { createTestClock } from "@microscaling/conformance";
import { MicroscalingError, type Amounts, type Logger, type Scheduler } from "@microscaling/core";
import { expect, onTestFinished, test } from "vitest";
import { createEngine, type Engine, type EngineSpec } from "../src/index.ts";
import { createWorld, taskSpec, type World } from "./world.ts";

/** What the scheduler is to answer: amounts, a failure, or nothing at all for now. */
type Answer = Amounts | MicroscalingError | undefined;

const DOWN = new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "no daemon");

interface Measuring extends Omit<World, "asked" | "spec"> {
  readonly asked: (task: string) => number[];
  answer: Answer;
  asks: number;
  readonly lines: string[];
  readonly spec: (changes?: Partial<EngineSpec>) => EngineSpec;
}

/** A world in which 3 of `greedy` run, whose instances use one cpu each, and the scheduler says how many there are. */
async function measuring(answer: Answer): Promise<Measuring> {
  const tasks = [taskSpec("greedy", { use: "remainder" }, { uses: { cpu: 1 } })];
  const world = createWorld({ tasks, clock: createTestClock() });
  const signal = new AbortController().signal;
  await (world.scheduler as Scheduler).scale({ name: "greedy", workload: {} }, 3, signal);
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  const logger: Logger = { debug() {}, info: note, warn: note, error: note, child: () => logger };
  const { scheduler } = world.spec();
  const capacity = async (): Promise<Amounts> => {
    self.asks++;
    if (self.answer === undefined) return await new Promise<never>(() => {});
    if (self.answer instanceof MicroscalingError) throw self.answer;
    return await Promise.resolve(self.answer);
  };
  const measured: EngineSpec["scheduler"] = {
    ...scheduler,
    scheduler: { ...scheduler.scheduler, capacity },
  };
  const spec = world.spec({
    capacity: { instances: 10, cpu: 0 },
    measured: ["cpu"],
    scheduler: measured,
  });
  const engine = createEngine(spec, { ...world.context, logger });
  onTestFinished(() => void engine.stop({ graceMs: 0 }));
  const self: Measuring = {
    ...world,
    engine,
    answer,
    asks: 0,
    lines,
    spec: (changes = {}) => ({ ...spec, ...changes }),
  };
  return self;
}

function decisionOf(engine: Engine): {
  granted?: number;
  requested?: number;
  limits?: readonly unknown[];
} {
  return (engine.state().record?.decisions[0] ?? {}) as ReturnType<typeof decisionOf>;
}

test("shares what the scheduler says there is", async () => {
  const { engine, clock, asked } = await measuring({ cpu: 5, memory: 9 });
  engine.start();
  await clock.advance(2000);
  expect(asked("greedy")).toEqual([5]);
  expect(engine.state()).toMatchObject({ capacity: { instances: 10, cpu: 5 } });
  expect(engine.state().capacityProblem).toBeUndefined();
});

test("asks for nothing, and stops nothing, until it is known what there is", async () => {
  const world = await measuring(DOWN);
  const { engine, clock, asked } = world;
  engine.start();
  await clock.advance(5000);
  expect(asked("greedy")).toEqual([]);
  expect(decisionOf(engine)).toMatchObject({
    granted: 3,
    requested: undefined,
    limits: [{ by: "held", reason: "the capacity is not known: no daemon" }],
  });
  expect(engine.state().capacity).toEqual({ instances: 10 });
  expect(world.lines.filter((line) => line.startsWith("cannot read the capacity"))).toHaveLength(1);
  world.answer = { cpu: 6 };
  await clock.advance(2000);
  expect(asked("greedy")).toEqual([6]);
});

test("an answer that never comes is given up at the deadline, and holds nobody up", async () => {
  const { engine, clock } = await measuring(undefined);
  engine.start();
  await clock.advance(1000);
  expect(decisionOf(engine).limits).toEqual([
    { by: "held", reason: "the scheduler has not reported its capacity yet" },
  ]);
  await clock.advance(5000);
  expect(engine.state().capacityProblem).toMatch(/scheduler toy: capacity/);
});

test("after a failure what was said before stands, and it says so; a change is followed", async () => {
  const world = await measuring({ cpu: 5 });
  const { engine, clock, asked } = world;
  engine.start();
  await clock.advance(2000);
  world.answer = DOWN;
  await clock.advance(61_000);
  expect(asked("greedy")).toEqual([5]);
  expect(engine.state()).toMatchObject({ capacity: { cpu: 5 }, capacityProblem: "no daemon" });
  expect(world.lines.filter((line) => line.includes("no daemon"))).toEqual([
    "cannot read the capacity: no daemon; keeping the last known capacity: cpu 5",
  ]);
  world.answer = { cpu: 4 };
  await clock.advance(31_000);
  expect(asked("greedy")).toEqual([5, 4]);
  expect(engine.state().capacityProblem).toBeUndefined();
  expect(world.lines).toContain("scheduler toy reports a new capacity: cpu 4");
});

test("is asked every 30 s once it has answered", async () => {
  const world = await measuring({ cpu: 5 });
  world.engine.start();
  await world.clock.advance(29_000);
  expect(world.asks).toBe(1);
  await world.clock.advance(2000);
  expect(world.asks).toBe(2);
});

test.each([
  [{ memory: 9 }, /scheduler toy: expected an amount of cpu, found only memory/],
  [{}, /expected an amount of cpu, found nothing/],
  [{ cpu: Number.NaN }, /expected an amount of cpu, found NaN/],
  [{ cpu: -1 }, /expected an amount of cpu, found -1/],
])("takes no %j for an answer", async (answer, problem) => {
  const { engine, clock, asked } = await measuring(answer);
  engine.start();
  await clock.advance(2000);
  expect(asked("greedy")).toEqual([]);
  expect(engine.state().capacityProblem).toMatch(problem);
});

test("a reload goes on with what was said, so that nothing is held meanwhile", async () => {
  const world = await measuring({ cpu: 5 });
  const { engine, clock, asked } = world;
  engine.start();
  await clock.advance(2000);
  world.answer = undefined;
  await engine.reload(world.spec({ capacity: { instances: 4, cpu: 0 } }));
  await clock.advance(1000);
  expect(asked("greedy")).toEqual([5, 4]);
});

test("one turn alone asks, too", async () => {
  const { engine } = await measuring({ cpu: 5 });
  const { decisions } = await engine.once({ act: false });
  expect(decisions[0]).toMatchObject({ requested: 5 });
});
