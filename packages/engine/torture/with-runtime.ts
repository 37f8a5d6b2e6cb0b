import { createTestClock } from "@microscaling/conformance";
import { silentLogger, type Scheduler } from "@microscaling/core";
import { createEngine } from "../src/index.ts";
import { newCapacity } from "../src/observe/capacity.ts";
import type { CallCommand } from "../src/runtime/execute.ts";
import type { EngineSpec } from "../src/spec.ts";
import type { Agent, Call } from "./agent.ts";
import { resourcesOf } from "./room.ts";
import { drawSpec, type Setting } from "./config.ts";
import { fateOf } from "./fates.ts";
import type { Fault } from "./faults.ts";
import { planHappenings } from "./happenings.ts";
import { drawPlan } from "./plan.ts";
import { createWorld, EPOCH_MS, Violation, type World } from "./world.ts";

/** What only the world without promises has, or what makes more exist than was asked for. */
const WITHOUT: readonly Fault[] = [
  "outsiders",
  "objectsVanish",
  "capacityMoves",
  "clockSteps",
  "countsLie",
  "reloads",
  "kills",
  "restarts",
  "pauses",
];

/** The world goes on by so many milliseconds at a time. */
const STEP_MS = 10;
/** An engine that is told to stop has stopped after this time, in milliseconds. */
const GRACE_MS = 2000;

/**
 * Lives through the world of one seed with the real engine: promises, timers, deadlines and all.
 * @param seconds how long it is simulated
 * @throws Violation when an invariant does not hold
 */
export async function simulateWithRuntime(seed: number, seconds: number): Promise<void> {
  const drawn = drawPlan(seed, 10, { without: WITHOUT, mostAgents: 1 });
  const plan = { ...drawn, leaseMs: undefined, measures: false };
  const world = createWorld(plan, undefined, drawSpec);
  const faults: string[] = [];
  const spec = withPlugins(world, faults);
  const clock = createTestClock(EPOCH_MS);
  const engine = createEngine(spec, {
    clock,
    logger: { ...silentLogger, error: (message) => void faults.push(message) },
    monitors: [],
    random: () => world.random.next(),
    dryRun: false,
  });
  planHappenings(world);
  engine.start();
  for (let at = STEP_MS; at <= seconds * 1000; at += STEP_MS) {
    world.timeline.run(at);
    await clock.advance(STEP_MS);
    check(world, spec, engine.state().sinceTurnMs, faults);
  }
  let isStopped = false;
  const stopped = engine.stop({ graceMs: GRACE_MS }).then(() => (isStopped = true));
  await clock.advance(GRACE_MS + STEP_MS);
  if (!isStopped) throw new Violation("service", "the engine does not stop within its grace");
  await stopped;
}

function check(
  world: World,
  spec: EngineSpec,
  sinceTurnMs: number,
  faults: readonly string[],
): void {
  if (faults.length > 0) throw new Violation("runtime", faults[0]!);
  if (sinceTurnMs > 600) throw new Violation("service", `${sinceTurnMs} ms without a turn`);
  const capacity = newCapacity(spec, undefined, { mono: 0, wall: 0, chance: 0 });
  for (const { name, amount, usesOf } of resourcesOf({ spec, capacity })) {
    const exists = spec.tasks.reduce(
      (sum, task) => sum + world.backend.existing(task.name) * usesOf(task),
      0,
    );
    if (exists > amount + 1e-6)
      throw new Violation("capacity", `${exists} of ${amount} ${name} exist`);
  }
}

/** The config with plugins that do what the world would do. */
function withPlugins(world: World, faults: string[]): EngineSpec {
  let spec = world.spec;
  let lastId = 0;
  const underWay = new Set<string>();

  /** What comes of a call, when it is time. */
  function call(command: CallCommand, timeoutMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const { timeline } = world;
    const sentAt = timeline.now();
    const noAgent = { state: { spec } } as Agent;
    const fate = fateOf(world, noAgent, { command, sentAt, timeoutMs } as Call);
    for (const { at, act } of fate.acts)
      if (at <= Math.min(fate.endsAt, sentAt + 2 * timeoutMs)) timeline.plan(at, act);
    timeline.plan(fate.endsAt, () => {
      const answer = fate.answer();
      if (answer.kind === "value") resolve(answer.value);
      else reject(answer.error);
    });
    return promise;
  }

  const id = (): number => ++lastId;
  const { timeoutMs } = spec.scheduler;
  const scheduler: Scheduler = {
    observe: (tasks) => call({ type: "observe", id: id(), tasks }, timeoutMs) as never,
    async scale(task, instances, signal) {
      // Thrown here it would be taken for the plugin's own failure.
      if (underWay.has(task.name)) faults.push(`two calls for ${task.name}`);
      underWay.add(task.name);
      const ends = (): boolean => underWay.delete(task.name);
      signal.addEventListener("abort", ends);
      const until = Number.POSITIVE_INFINITY;
      return call({ type: "scale", id: id(), task, instances, until }, timeoutMs).finally(
        ends,
      ) as never;
    },
    close: async () => {},
  };
  const sources = [...spec.sources].map(([name, source]) => {
    const read: Setting["metrics"]["x"]["read"] = (queries) =>
      call({ type: "read", id: id(), source: name, queries }, source.timeoutMs) as never;
    return [name, { ...source, metric: { read, close: async () => {} } }] as const;
  });
  spec = { ...spec, scheduler: { ...spec.scheduler, scheduler }, sources: new Map(sources) };
  return spec;
}
