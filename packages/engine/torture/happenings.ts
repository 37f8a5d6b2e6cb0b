import type { TaskSpec } from "../src/spec.ts";
import { dispatch, killAgent, named, resume, startAgent, whenAwake, type Agent } from "./agent.ts";
import { changeSpec, NAMES } from "./config.ts";
import type { Fault } from "./faults.ts";
import { outage } from "./lies.ts";
import { work, type Queue } from "./load.ts";
import { createRandom, type Random } from "./random.ts";
import { scaleUnrequested, strikes, type World } from "./world.ts";

const MINUTE_MS = 60_000;

/** Plans everything that happens by itself, until the world is quiet. */
export function planHappenings(world: World): void {
  planPushes(world);
  for (const name of NAMES) planLoad(world, name);
  for (const fault of Object.keys(HAPPENINGS) as Happening[]) {
    const perMinute = world.plan.faults.get(fault);
    if (perMinute !== undefined)
      planNext(world, fault, perMinute, createRandom(world.plan.seed, fault));
  }
}

function planNext(world: World, fault: Happening, perMinute: number, random: Random): void {
  const { timeline } = world;
  const inMs = (-Math.log(1 - random.next()) * MINUTE_MS) / perMinute;
  timeline.plan(timeline.now() + inMs, () => {
    if (world.isQuiet) return;
    world.tell?.(() => `it happens: ${fault}`);
    HAPPENINGS[fault](world, random);
    planNext(world, fault, perMinute, random);
  });
}

/** Faults that happen by themselves. */
type Happening = Exclude<
  Fault,
  | `scale${string}`
  | `observe${string}`
  | `read${string}`
  | `measure${string}`
  | `prepare${string}`
  | "leaseFails"
  | "leaseUnheard"
  | "leaseHangs"
  | "strangers"
  | "countsLie"
  | "garbage"
  | "answersLate"
  | "pushesLost"
>;

const HAPPENINGS: Readonly<Record<Happening, (world: World, random: Random) => void>> = {
  failsLater(world, random) {
    const task = random.pick(NAMES);
    for (const agent of world.agents.slice())
      whenAwake(agent, () => dispatch(world, agent, { type: "failed", task, error: outage() }));
  },
  instancesEnd(world, random) {
    world.backend.crash(random.pick(NAMES));
  },
  crashLoops(world, random) {
    const workers = world.backend.of(random.pick(NAMES));
    workers.lifeMs = random.log(10, 9900);
    heal(world, random, () => (workers.lifeMs = undefined));
  },
  startsFail(world, random) {
    const workers = world.backend.of(random.pick(NAMES));
    workers.startsFail = true;
    heal(world, random, () => (workers.startsFail = false));
  },
  outsiders(world, random) {
    const task = random.pick(NAMES);
    if (!world.backend.of(task).exists) return;
    scaleUnrequested(world, task, Math.max(0, world.backend.levelOf(task) + random.int(-4, 4)));
  },
  objectsVanish(world, random) {
    const task = random.pick(NAMES);
    world.backend.vanish(task);
    heal(world, random, () => restore(world, task, random.int(0, 3)));
  },
  capacityMoves(world, random) {
    world.capacityFactor = random.pick([0.3, 0.7, 1, 1, 1.5]);
  },
  clockSteps(world, random) {
    world.wallOffsetMs += random.pick([-1, 1]) * random.log(1000, 4 * 3_600_000);
  },
  reloads(world, random) {
    world.spec = changeSpec(random, world.spec, world.setting);
    for (const agent of world.agents.slice()) {
      const inMs = world.agents.length === 1 ? 0 : random.between(0, 5000);
      world.timeline.plan(world.timeline.now() + inMs, () => reload(world, agent));
    }
  },
  kills(world, random) {
    if (world.agents.length === 0) return;
    killAgent(world, random.pick(world.agents));
    startLater(world, random);
  },
  restarts(world, random) {
    if (world.agents.length === 0) return;
    const agent = random.pick(world.agents);
    if (agent.isPaused || agent.state.phase !== "running") return;
    const { state } = agent;
    if (state.spec.shutdown === "drain") dispatch(world, agent, { type: "drain" });
    const { timeline } = world;
    timeline.plan(timeline.now() + random.between(0, 10_000), () => {
      if (!agent.isAlive || world.isQuiet) return;
      whenAwake(agent, () => dispatch(world, agent, { type: "stop" }));
      timeline.plan(timeline.now() + random.between(0, 10_000), () => {
        if (!agent.isAlive) return;
        whenAwake(agent, () => dispatch(world, agent, { type: "resign" }));
        timeline.plan(timeline.now() + random.between(0, 1000), () => {
          if (!agent.isAlive) return;
          killAgent(world, agent);
          startLater(world, random);
        });
      });
    });
  },
  pauses(world, random) {
    if (world.agents.length === 0) return;
    const agent = random.pick(world.agents);
    world.tell?.(() => `${agent.name} is paused`);
    agent.isPaused = true;
    world.timeline.plan(world.timeline.now() + random.log(10, 60_000), () => resume(world, agent));
  },
  leaseDeleted(world) {
    // Whoever has never seen the lease would take it at once, from a holder who does not know yet that it is gone.
    if (world.agents.some(({ state }) => state.election?.lease.found === undefined)) return;
    world.lease = undefined;
    world.leaseKnownLostAt = world.timeline.now() + (world.plan.leaseMs ?? 0);
  },
};

function heal(world: World, random: Random, done: () => void): void {
  world.timeline.plan(world.timeline.now() + random.log(1000, 5 * MINUTE_MS), done);
}

function restore(world: World, task: string, instances: number): void {
  const workers = world.backend.of(task);
  if (workers.exists) return;
  workers.exists = true;
  scaleUnrequested(world, task, instances);
}

function startLater(world: World, random: Random): void {
  const { timeline } = world;
  const at = timeline.now() + random.log(1, 30_000);
  timeline.plan(at, () => timeline.plan(world.leaseKnownLostAt, () => startMissing(world)));
}

function startMissing(world: World): void {
  if (world.agents.length < world.plan.agents) startAgent(world);
}

/** An agent reads the newest config. */
function reload(world: World, agent: Agent): void {
  whenAwake(agent, () => {
    world.tell?.(() => `${agent.name} reads its config again`);
    dispatch(world, agent, { type: "configured", spec: named(world, agent.name) });
  });
}

/** Backends that push tell of changes soon, and of many at once. */
function planPushes(world: World): void {
  const { plan, timeline } = world;
  if (!plan.pushes) return;
  let isTold = false;
  world.instancesChanged = () => {
    if (isTold) return;
    isTold = true;
    timeline.plan(timeline.now() + 3, () => {
      isTold = false;
      if (strikes(world, "pushesLost")) return;
      for (const agent of world.agents.slice())
        whenAwake(agent, () => dispatch(world, agent, { type: "countsChanged" }));
    });
  };
}

/** From silence to bursts, each for a while. */
function planLoad(world: World, name: string): void {
  const { plan, queues, timeline, backend } = world;
  const random = createRandom(plan.seed, `load ${name}`);
  const queue = queues.get(name)!;
  const next = (): void => {
    if (world.isQuiet) return;
    work(queue, backend.of(name).running, timeline.now());
    queue.arrivalRate = rateOf(queue, random);
    if (random.chance(0.1)) queue.jobs += random.int(1, 300);
    timeline.plan(timeline.now() + random.log(5000, 10 * MINUTE_MS), next);
  };
  if (!plan.idles) return next();
  // A few jobs, then silence for most of the time.
  queue.jobs = random.int(0, 30);
  timeline.plan(plan.quietMs * random.between(0.7, 0.9), next);
}

function rateOf({ serviceRate }: Queue, random: Random): number {
  if (random.chance(0.3)) return 0;
  return serviceRate * random.log(0.05, 20);
}

function withoutSchedule(task: TaskSpec): TaskSpec {
  const { schedule, ...rest } = task;
  return schedule === undefined ? task : rest;
}

/** From now on nothing goes wrong, and the load stands still. */
export function quieten(world: World): void {
  const { backend, queues, timeline, agents, plan } = world;
  world.tell?.(() => "everything is quiet from here on");
  world.isQuiet = true;
  const random = createRandom(plan.seed, "quiet");
  for (const name of NAMES) {
    const workers = backend.of(name);
    workers.lifeMs = undefined;
    workers.startsFail = false;
    restore(world, name, 0);
    const queue = queues.get(name)!;
    work(queue, workers.running, timeline.now());
    queue.arrivalRate = queue.serviceRate * random.pick([0, 0.5, 2, 5]);
    queue.frozen = plan.targets.includes("latency") ? undefined : random.pick([0, 1000]);
  }
  world.capacityFactor = 1;
  const tasks = world.spec.tasks.map(withoutSchedule);
  world.spec = { ...world.spec, tasks };
  for (const agent of agents.slice()) {
    for (const call of agent.calls.values()) timeline.plan(timeline.now() + 1, call.end);
    resume(world, agent);
    if (agent.state.phase !== "running") killAgent(world, agent);
    else reload(world, agent);
  }
  for (let missing = plan.agents - agents.length; missing > 0; missing--)
    timeline.plan(world.leaseKnownLostAt, () => startMissing(world));
}
