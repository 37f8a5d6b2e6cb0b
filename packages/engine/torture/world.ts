import type { LeaseState, Metric, Scheduler } from "@microscaling/core";
import type { EngineSpec } from "../src/spec.ts";
import type { Term } from "../src/act/act.ts";
import { termOf } from "../src/step.ts";
import type { Agent } from "./agent.ts";
import { createBackend, type Backend } from "./backend.ts";
import { NAMES, type Setting } from "./config.ts";
import type { Fault } from "./faults.ts";
import { newQueue, work, type Queue } from "./load.ts";
import type { Plan } from "./plan.ts";
import { createRandom, type Random } from "./random.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

/** Something that became true although no agent asked for it. */
export interface Unrequested {
  readonly at: number;
  readonly task: string;
  /** So many instances more may exist by it. */
  readonly instances: number;
}

/** Everything outside of the agents. */
export interface World {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly backend: Backend;
  readonly queues: ReadonlyMap<string, Queue>;
  /** For what calls come to. */
  readonly random: Random;
  readonly setting: Setting;
  readonly agents: Agent[];
  /** The newest config; agents read it one after the other. */
  spec: EngineSpec;
  /** What the machine's clock is ahead of {@link EPOCH_MS} and the timeline, in milliseconds. */
  wallOffsetMs: number;
  readonly unrequested: Unrequested[];
  /** What plugins answered that is right. */
  readonly honest: WeakSet<object>;
  /** Amounts that the scheduler says, as factors of those in the config. */
  capacityFactor: number;
  lease: LeaseState | undefined;
  leaseWrites: number;
  /** An agent that finds no lease takes it at once: none is started before this time after somebody deleted it. */
  leaseKnownLostAt: number;
  /** Nothing goes wrong any more. */
  isQuiet: boolean;
  /** Events that agents were told of. */
  events: number;
  /** How many agents there have been. */
  born: number;
  /** Something is different of the instances. */
  instancesChanged: () => void;
  /** Told of what happens, where somebody wants to read it. */
  readonly tell: ((what: () => string) => void) | undefined;
}

/** When the timeline begins, in milliseconds since the epoch. */
export const EPOCH_MS: number = Date.UTC(2025, 0, 1, 1, 55);

/** An invariant does not hold. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

/** A world before anything happens in it. */
export function createWorld(
  plan: Plan,
  tell: World["tell"],
  draw: (random: Random, setting: Setting) => EngineSpec,
): World {
  const timeline = createTimeline();
  const random = createRandom(plan.seed, "fates");
  const queues = new Map<string, Queue>();
  const backend = createBackend(
    plan.backend,
    timeline,
    createRandom(plan.seed, "backend"),
    ({ name, running }) => {
      world.instancesChanged();
      const queue = queues.get(name);
      if (queue !== undefined) work(queue, running, timeline.now());
    },
  );
  const load = createRandom(plan.seed, "load");
  for (const name of NAMES) queues.set(name, newQueue(load.log(0.05, 20)));
  const setting: Setting = {
    ...pluginsOf(plan),
    replaces: plan.backend.replaces,
    measures: plan.measures,
    ha: plan.leaseMs === undefined ? undefined : { lease: "main", durationMs: plan.leaseMs },
    targets: plan.targets,
    mostTasks: plan.mostTasks,
  };
  const world: World = {
    plan,
    timeline,
    backend,
    queues,
    random,
    setting,
    agents: [],
    spec: draw(createRandom(plan.seed, "config"), setting),
    wallOffsetMs: 0,
    unrequested: [],
    honest: new WeakSet(),
    capacityFactor: 1,
    lease: undefined,
    leaseWrites: 0,
    leaseKnownLostAt: 0,
    isQuiet: false,
    events: 0,
    born: 0,
    instancesChanged: () => {},
    tell,
  };
  return world;
}

function never(): never {
  throw new Error("the world does what commands ask for");
}

/** Plugins that are never called: the world itself does what commands ask for. */
function pluginsOf({ prepares }: Plan): Pick<Setting, "scheduler" | "metrics"> {
  const scheduler: Scheduler = {
    observe: never,
    scale: never,
    capacity: never,
    close: never,
    ...(prepares ? { prepare: never } : {}),
  };
  const metric: Metric = { read: never, close: never };
  return { scheduler, metrics: { x: metric, y: { ...metric } } };
}

/** Whether a fault strikes now. */
export function strikes({ plan, random, isQuiet }: World, fault: Fault): boolean {
  if (isQuiet) return false;
  const often = plan.faults.get(fault);
  return often !== undefined && random.chance(often);
}

/** The machine's clock. */
export function wallOf(world: World): number {
  return EPOCH_MS + world.timeline.now() + world.wallOffsetMs;
}

/** The term that an agent is in now, by its own clock. */
export function termNow({ timeline }: World, { state, bornAt }: Agent): Term | undefined {
  return termOf(state, { mono: timeline.now() - bornAt, wall: 0, chance: 0 });
}

/** Somebody starts or stops instances whom no agent asked to. */
export function scaleUnrequested(world: World, task: string, instances: number): void {
  const { backend, timeline, unrequested } = world;
  const before = backend.existing(task);
  const level = backend.levelOf(task);
  backend.scaleTo(task, instances);
  const more = Math.max(Math.abs(instances - level), backend.existing(task) - before);
  if (more > 0) unrequested.push({ at: timeline.now(), task, instances: more });
}
