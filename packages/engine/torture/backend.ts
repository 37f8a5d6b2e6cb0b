import { YOUNG_MS, type Counts } from "@microscaling/core";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

interface Instance {
  state: "starting" | "running" | "stopping" | "gone";
  /** When it came up. */
  upAt: number;
}

/** What physically exists of one task. */
export interface Workers {
  readonly name: string;
  /** Whether the object that is scaled exists. */
  exists: boolean;
  /** How many the backend keeps up, where it replaces those that end. */
  level: number;
  readonly instances: Instance[];
  running: number;
  starting: number;
  stopping: number;
  crashed: number;
  /** While these instances crash: how long they live, in milliseconds. */
  lifeMs: number | undefined;
  startsFail: boolean;
}

/** How a backend behaves throughout. Times are in milliseconds. */
export interface BackendSettings {
  /** It starts another instance for one that ends. */
  readonly replaces: boolean;
  readonly startMs: number;
  readonly stopMs: number;
  readonly tellsCrashes: boolean;
}

/** What instances do, and what is asked of them. */
export interface Backend {
  readonly all: ReadonlyMap<string, Workers>;
  of(task: string): Workers;
  /** Asks for an absolute number. @returns how many were started */
  scaleTo(task: string, instances: number): number;
  /** Some instance that runs ends by itself. */
  crash(task: string): void;
  /** The object is deleted by others: nothing is left. */
  vanish(task: string): void;
  countsOf(task: string): Counts;
  /** How many have been asked for. */
  levelOf(task: string): number;
  existing(task: string): number;
}

/** Makes a backend without instances. `willChange` is called before the number of a task's running instances changes. */
export function createBackend(
  settings: BackendSettings,
  timeline: Timeline,
  random: Random,
  changing: (task: Workers) => void,
): Backend {
  const all = new Map<string, Workers>();
  const { replaces } = settings;

  function of(name: string): Workers {
    let workers = all.get(name);
    if (workers === undefined) {
      workers = {
        name,
        exists: true,
        level: 0,
        instances: [],
        running: 0,
        starting: 0,
        stopping: 0,
        crashed: 0,
        lifeMs: undefined,
        startsFail: false,
      };
      all.set(name, workers);
    }
    return workers;
  }

  function move(workers: Workers, instance: Instance, to: Instance["state"]): void {
    changing(workers);
    if (instance.state !== "gone") workers[instance.state]--;
    instance.state = to;
    if (to !== "gone") workers[to]++;
    else workers.instances.splice(workers.instances.indexOf(instance), 1);
  }

  function start(workers: Workers, delayMs: number): void {
    const instance: Instance = { state: "starting", upAt: 0 };
    changing(workers);
    workers.instances.push(instance);
    workers.starting++;
    timeline.plan(timeline.now() + delayMs + settings.startMs * random.between(0.5, 1.5), () =>
      comeUp(workers, instance),
    );
  }

  function comeUp(workers: Workers, instance: Instance): void {
    if (instance.state !== "starting") return;
    const now = timeline.now();
    instance.upAt = now;
    if (workers.startsFail) return end(workers, instance);
    move(workers, instance, "running");
    if (workers.lifeMs === undefined) return;
    timeline.plan(now + workers.lifeMs * random.between(0.8, 1.2), () => {
      if (instance.state === "running") end(workers, instance);
    });
  }

  /** It ends by itself. */
  function end(workers: Workers, instance: Instance): void {
    if (timeline.now() - instance.upAt < YOUNG_MS) workers.crashed++;
    move(workers, instance, "gone");
    if (replaces && workers.running + workers.starting < workers.level)
      start(workers, Math.min(10_000, 200 * 2 ** Math.min(6, workers.crashed)));
  }

  function stop(workers: Workers, instance: Instance): void {
    move(workers, instance, settings.stopMs === 0 ? "gone" : "stopping");
    timeline.plan(timeline.now() + settings.stopMs * random.between(0.2, 1), () => {
      if (instance.state === "stopping") move(workers, instance, "gone");
    });
  }

  function scaleTo(name: string, instances: number): number {
    const workers = of(name);
    workers.level = instances;
    const up = workers.running + workers.starting;
    for (let i = up; i < instances; i++) start(workers, 0);
    for (let i = workers.instances.length - 1, left = up - instances; left > 0; i--) {
      const instance = workers.instances[i]!;
      if (instance.state === "stopping") continue;
      stop(workers, instance);
      left--;
    }
    return Math.max(0, instances - up);
  }

  const levelOf = (name: string): number => {
    const workers = of(name);
    return replaces ? workers.level : workers.running + workers.starting;
  };

  return {
    all,
    of,
    scaleTo,
    crash(name) {
      const workers = of(name);
      const running = workers.instances.filter(({ state }) => state === "running");
      if (running.length > 0) end(workers, random.pick(running));
    },
    vanish(name) {
      const workers = of(name);
      workers.exists = false;
      workers.level = 0;
      for (const instance of workers.instances.slice()) move(workers, instance, "gone");
    },
    countsOf(name) {
      const { running, starting, stopping, crashed } = of(name);
      const counts = { running, starting, stopping, requested: levelOf(name) };
      return settings.tellsCrashes ? { ...counts, crashed } : counts;
    },
    levelOf,
    existing(name) {
      const { running, starting, stopping } = of(name);
      return running + starting + stopping;
    },
  };
}
