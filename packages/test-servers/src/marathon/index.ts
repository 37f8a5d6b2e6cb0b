import { setTimeout as sleep } from "node:timers/promises";
import { createGuard, type Guard, type MarathonAuth } from "./auth.ts";
import { createEventHub } from "./events.ts";
import { startMaster, type Fault, type Master, type SeenRequest } from "./master.ts";
import type { Deployment, MarathonClock, MarathonSettings, MarathonTask, NewApp } from "./types.ts";
import { createWorld, type World } from "./world.ts";

/** How to start one. */
export interface MarathonOptions extends Partial<MarathonSettings> {
  readonly apps?: readonly NewApp[];
  readonly auth?: MarathonAuth;
  /** PEM of a certificate and its key: HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** How many masters there are; the first leads. Default 1. */
  readonly masters?: number;
  /** What stands before `/v2`: `/service/marathon` behind DC/OS's gateway. */
  readonly prefix?: string;
  readonly clock?: MarathonClock;
}

/**
 * A small Marathon on loopback, written from the documented facts, since Marathon itself needs Mesos: apps, tasks that take their time,
 * deployments and their locks, the event stream, several masters, and what can go wrong with them.
 */
export interface Marathon {
  /** Of the first master. */
  readonly url: string;
  readonly urls: readonly string[];
  readonly settings: MarathonSettings;
  /** Every request, of all masters. */
  readonly requests: SeenRequest[];
  readonly guard: Guard;
  createApp(app: NewApp): void;
  removeApp(id: string): void;
  /** Deletes an app as a user does: its tasks are still being stopped by a deployment, until that is ended. */
  deleteApp(id: string): { end(): void };
  /** How many are wanted. */
  instances(id: string): number;
  /** What there is, tasks that start or stop included. */
  tasks(id: string): readonly MarathonTask[];
  /** Lets the newest running task end by itself, as in a crash. */
  crash(id: string): void;
  /** Changes what a health check says of the newest running task. */
  setHealthy(id: string, healthy: boolean): void;
  /** Someone else's deployment, that locks the app until it is ended; with a reason it has failed. */
  deploy(id: string): { readonly id: string; end(reason?: string): void };
  /** What is wrong with every master from now on; `undefined`: nothing. */
  fault(fault: Fault | undefined): void;
  /** This app may be looked at and not changed. */
  forbid(id: string): void;
  /** This app may not even be looked at, until it may again. */
  hide(id: string, isHidden?: boolean): void;
  /** Ends every event stream. */
  dropEvents(): void;
  /** While muted, event streams stay open and carry nothing. */
  muteEvents(muted: boolean): void;
  /** How many listen to events. */
  listeners(): number;
  /** Makes another master the leader, by its place in `urls`; all event streams end. `undefined`: nobody leads for now. */
  elect(master: number | undefined): void;
  /** Ends one master for good. */
  stopMaster(master: number): Promise<void>;
  /** Sets the room to this many tasks. */
  setCapacity(tasks: number): void;
  /** Ends everything. Idempotent. */
  stop(): Promise<void>;
}

const DEFAULTS: MarathonSettings = {
  stagingMs: 30,
  killMs: 30,
  healthMs: 20,
  checkMs: 20,
  heartbeatMs: 10_000,
  capacity: Number.POSITIVE_INFINITY,
  taskKilling: true,
  maxDeployments: 100,
};

/* Tests wait for what they want to see, and these timers are a server's own. */
const systemClock: MarathonClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** Starts a Marathon on free ports. */
export async function startMarathon(options: MarathonOptions = {}): Promise<Marathon> {
  const { apps = [], auth = {}, tls, masters = 1, prefix = "", clock = systemClock } = options;
  const settings = settingsOf(options);
  const life = new AbortController();
  const hub = createEventHub(clock, settings, life.signal);
  const world = createWorld(settings, clock, hub.emit, life.signal);
  const shared = {
    world,
    hub,
    tls,
    prefix,
    guard: createGuard(auth, clock),
    requests: [] as SeenRequest[],
    forbidden: new Set<string>(),
    hidden: new Set<string>(),
    leader: undefined as Master | undefined,
    fault: undefined as Fault | undefined,
  };
  for (const app of apps) world.createApp(app);
  const started = await Promise.all(Array.from({ length: masters }, () => startMaster(shared)));
  shared.leader = started[0];

  return {
    url: started[0]?.url ?? "",
    urls: started.map(({ url }) => url),
    settings,
    requests: shared.requests,
    guard: shared.guard,
    ...appsOf(world),
    fault(fault) {
      shared.fault = fault;
      if (fault !== undefined) for (const master of started) master.drop();
    },
    forbid: (id) => void shared.forbidden.add(id),
    hide: (id, isHidden = true) =>
      void (isHidden ? shared.hidden.add(id) : shared.hidden.delete(id)),
    dropEvents: () => hub.drop(),
    muteEvents(muted) {
      hub.muted = muted;
    },
    listeners: () => hub.count(),
    elect(master) {
      shared.leader = master === undefined ? undefined : started[master];
      hub.drop();
    },
    async stopMaster(master) {
      await started[master]?.stop();
    },
    async stop() {
      life.abort();
      await Promise.all(started.map((master) => master.stop()));
    },
  };
}

function settingsOf(options: MarathonOptions): MarathonSettings {
  const settings = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS)) {
    const said: unknown = Reflect.get(options, key);
    if (said !== undefined) Reflect.set(settings, key, said);
  }
  return settings;
}

type AppControls = Pick<
  Marathon,
  | "createApp"
  | "removeApp"
  | "deleteApp"
  | "instances"
  | "tasks"
  | "crash"
  | "setHealthy"
  | "deploy"
  | "setCapacity"
>;

function appsOf(world: World): AppControls {
  const newest = (id: string): MarathonTask => {
    const found = world.apps.get(id)?.tasks.findLast(({ state }) => state === "TASK_RUNNING");
    if (found === undefined) throw new Error(`no task of ${id} runs`);
    return found;
  };
  return {
    createApp: (app) => void world.createApp(app),
    removeApp: (id) => world.removeApp(id),
    deleteApp(id) {
      world.removeApp(id);
      const deployment = world.deployments.start(id, "StopApplication");
      return { end: () => world.deployments.finish(deployment) };
    },
    instances: (id) => world.apps.get(id)?.instances ?? 0,
    tasks: (id) => world.apps.get(id)?.tasks ?? [],
    crash: (id) => world.crash(newest(id)),
    setHealthy(id, healthy) {
      const task = newest(id);
      task.healthy = healthy;
      world.taskChanged(task, task.state);
    },
    deploy(id) {
      const deployment: Deployment = world.deployments.start(id, "RestartApplication");
      return {
        id: deployment.id,
        end: (reason) => world.deployments.finish(deployment, reason),
      };
    },
    setCapacity(tasks) {
      world.settings.capacity = tasks;
      world.reconcile();
    },
  };
}
