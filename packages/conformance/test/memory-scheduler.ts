import {
  API_VERSION,
  defineScheduler,
  MicroscalingError,
  silentLogger,
  type Clock,
  type Counts,
  type LeaseState,
  type Logger,
  type Outcome,
  type Scheduler,
  type SchedulerCapabilities,
  type SchedulerEvents,
  type SchedulerPlugin,
  type SchedulerTask,
  untilAborted,
} from "@microscaling/core";

import { createTestClock, type SchedulerFixture } from "../src/index.ts";
import { never } from "./lifecycle-faults.ts";
import { schemaOf } from "./memory-schema.ts";

export interface Options {
  readonly down?: boolean;
  readonly password?: string;
}

/** What must be in no error and no log line. */
export const PASSWORD = "correct-horse";

export interface Workload {
  readonly crash?: boolean;
  readonly absent?: boolean;
}
export type Task = SchedulerTask<Workload>;
type State = "starting" | "running" | "stopping";

/** The backend: what physically runs, and what is wrong with it. */
export interface World {
  readonly clock: Clock;
  readonly instances: Map<string, { state: State }[]>;
  readonly crashed: Map<string, number>;
  readonly watchers: Set<SchedulerEvents>;
  /** How many of each task the backend keeps up by itself; absent where it does not. */
  readonly wanted: Map<string, number> | undefined;
  readonly leases: Map<string, LeaseState>;
  logger: Logger;
  outage: boolean;
  stalled: boolean;
}

export type MemoryScheduler = Required<Scheduler<Workload>>;

const START_MS = 50;
const STOP_MS = 70;

function createWorld(replaces: boolean): World {
  return {
    clock: createTestClock(),
    instances: new Map(),
    crashed: new Map(),
    watchers: new Set(),
    leases: new Map(),
    wanted: replaces ? new Map() : undefined,
    logger: silentLogger,
    outage: false,
    stalled: false,
  };
}

export const instancesOf = (world: World, task: string): { state: State }[] =>
  world.instances.get(task) ?? [];

function put(world: World, task: string, instances: { state: State }[]): void {
  world.instances.set(task, instances);
  for (const watcher of world.watchers) watcher.changed();
}

function remove(world: World, task: string, gone: { state: State } | undefined): void {
  put(
    world,
    task,
    instancesOf(world, task).filter((instance) => instance !== gone),
  );
}

export async function startOne(world: World, { name, workload }: Task): Promise<void> {
  const instance: { state: State } = { state: "starting" };
  put(world, name, [...instancesOf(world, name), instance]);
  await world.clock.sleep(START_MS);
  if (instance.state === "starting") instance.state = "running";
  put(world, name, instancesOf(world, name));
  if (workload.crash !== true) return;
  world.crashed.set(name, (world.crashed.get(name) ?? 0) + 1);
  remove(world, name, instance);
  replace(world, { name, workload });
}

/** What a backend that replaces instances does when one has ended. */
function replace(world: World, task: Task): void {
  const missing = (world.wanted?.get(task.name) ?? 0) - countsOf(world, task.name).requested;
  for (let started = 0; started < missing; started += 1) void startOne(world, task);
}

export async function stopOne(
  world: World,
  task: string,
  instance: { state: State },
): Promise<void> {
  instance.state = "stopping";
  put(world, task, instancesOf(world, task));
  await world.clock.sleep(STOP_MS);
  remove(world, task, instance);
}

export function countsOf(world: World, task: string): Counts {
  const count = (state: State): number =>
    instancesOf(world, task).filter((instance) => instance.state === state).length;
  const [running, starting] = [count("running"), count("starting")];
  const crashed = world.crashed.get(task) ?? 0;
  const counts = { running, starting, stopping: count("stopping"), requested: running + starting };
  return crashed === 0 ? counts : { ...counts, crashed, lastCrash: "exit code 1" };
}

export const failure = (words: string): MicroscalingError =>
  new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", words);

/** A scheduler without fault, on a backend in memory. */
function createMemory(world: World, { down = false }: Options): MemoryScheduler {
  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (world.stalled) await untilAborted(signal, never());
    if (down || world.outage) throw failure("the backend is not there");
  }
  return {
    prepare: async ({ name, workload }, signal) => {
      await enter(signal);
      if (workload.absent === true) throw failure(`task ${name}: there is no such thing`);
    },
    observe: async (tasks, signal) => {
      await enter(signal);
      return new Map(tasks.map(({ name }) => [name, countsOf(world, name)]));
    },
    scale: async (task, instances, signal): Promise<Outcome> => {
      await enter(signal);
      world.wanted?.set(task.name, instances);
      const staying = instancesOf(world, task.name).filter(({ state }) => state !== "stopping");
      for (const instance of staying.slice(instances)) void stopOne(world, task.name, instance);
      const missing = Math.max(0, instances - staying.length);
      const starts = Array.from({ length: missing }, () => startOne(world, task));
      await untilAborted(signal, Promise.all(starts));
      return { status: "accepted" };
    },
    watch: async (events, signal) => {
      world.watchers.add(events);
      await untilAborted(signal, never()).catch(() => {});
      world.watchers.delete(events);
    },
    capacity: async (signal) => {
      await enter(signal);
      return { instances: 100 };
    },
    check: async ({ workload }, signal) => {
      await enter(signal);
      if (workload.absent !== true) return [{ level: "ok", message: "it can run" }];
      const message = "there is no such thing";
      return [{ level: "problem", message, advice: "make one" }];
    },
    lease: (name) => ({
      read: async (signal) => {
        await enter(signal);
        return world.leases.get(name);
      },
      write: async (claim, over, signal) => {
        await enter(signal);
        const found = world.leases.get(name);
        if (found?.version !== over) return undefined;
        const written = { ...claim, version: String(Number(over ?? 0) + 1) };
        world.leases.set(name, written);
        return written;
      },
    }),
    close: async () => {},
  };
}

export type MemoryPlugin = SchedulerPlugin<Options, Workload>;

/** How a plugin is broken: another scheduler, or another plugin, or another way that the fixture leaves the world. */
export interface Faults {
  readonly scheduler?: (
    good: MemoryScheduler,
    world: World,
    options: Options,
  ) => Scheduler<Workload>;
  readonly plugin?: (good: MemoryPlugin) => MemoryPlugin;
}

/** A plugin that declares everything, with these faults. */
export function fullFixture(faults: Faults = {}): SchedulerFixture {
  return declaring({ ...EVERYTHING, replaces: false }, faults);
}

/** A plugin that declares everything, on a backend that replaces instances, with these faults. */
export function replacingFixture(faults: Faults = {}): SchedulerFixture {
  return declaring({ ...EVERYTHING, replaces: true }, faults);
}

const EVERYTHING = {
  watch: true,
  prepare: true,
  capacity: true,
  outlivesAgent: true,
  check: true,
  lease: true,
};

function declaring(capabilities: SchedulerCapabilities, faults: Faults): SchedulerFixture {
  const world = createWorld(capabilities.replaces);
  const good: MemoryPlugin = defineScheduler<Options, Workload>({
    name: "memory",
    apiVersion: API_VERSION,
    options: schemaOf<Options>({ down: "boolean", password: "string" }),
    workload: schemaOf<Workload>({ crash: "boolean", absent: "boolean" }),
    capabilities,
    create: (options, { logger }) => {
      world.logger = logger;
      const scheduler = createMemory(world, options);
      return faults.scheduler?.(scheduler, world, options) ?? scheduler;
    },
  });
  return fixtureOf(world, faults.plugin?.(good) ?? good);
}

/** A plugin that declares nothing beyond the least, with these faults. */
export function leastFixture(faults: Faults = {}): SchedulerFixture {
  const world = createWorld(false);
  const plugin: MemoryPlugin = defineScheduler<Options, Workload>({
    name: "memory",
    apiVersion: API_VERSION,
    options: schemaOf<Options>({ down: "boolean", password: "string" }),
    workload: schemaOf<Workload>({ crash: "boolean", absent: "boolean" }),
    capabilities: {
      watch: false,
      prepare: false,
      capacity: false,
      outlivesAgent: false,
      replaces: false,
    },
    create: (options, { logger }) => {
      world.logger = logger;
      const memory = createMemory(world, options);
      const { observe, scale } = memory;
      const close = async (): Promise<void> => world.instances.clear();
      return { observe, scale, close, ...faults.scheduler?.({ ...memory, close }, world, options) };
    },
  });
  return fixtureOf(world, plugin);
}

function fixtureOf(world: World, plugin: MemoryPlugin): SchedulerFixture {
  return {
    plugin,
    clock: world.clock,
    deadlineMs: 1000,
    options: () => ({ password: PASSWORD }),
    secret: () => PASSWORD,
    invalidOptions: [{ written: { down: 1 }, path: ["down"] }],
    workload: () => ({}),
    invalidWorkloads: [{ written: { crash: 1, absent: 2 }, path: ["absent"] }],
    exists: async (task) => instancesOf(world, task).length,
    kill: async (task) => {
      const running = instancesOf(world, task).find(({ state }) => state === "running");
      remove(world, task, running);
      replace(world, { name: task, workload: {} });
    },
    crashing: () => ({ crash: true }),
    unpreparable: () => ({ absent: true }),
    unreachable: () => ({ down: true, password: PASSWORD }),
    outage: {
      begin: async () => void (world.outage = true),
      end: async () => void (world.outage = false),
    },
    stall: {
      begin: async () => void (world.stalled = true),
      end: async () => void (world.stalled = false),
    },
  };
}
