import { randomUUID } from "node:crypto";
import { createDeployments, type Deployments } from "./deployments.ts";
import {
  iso,
  type Emit,
  type MarathonApp,
  type MarathonClock,
  type MarathonSettings,
  type MarathonTask,
  type NewApp,
} from "./types.ts";

/** The cluster: apps, their tasks, and what happens to them in time. */
export interface World {
  readonly settings: MarathonSettings;
  readonly clock: MarathonClock;
  readonly apps: Map<string, MarathonApp>;
  readonly deployments: Deployments;
  /** Creates an app, and launches its instances. */
  createApp(app: NewApp): MarathonApp;
  /** Takes away an app and its tasks at once. */
  removeApp(id: string): void;
  /** Sets the number of instances: launches missing ones, and stops these or those that `killSelection` selects. */
  scaleTo(app: MarathonApp, instances: number, victims?: readonly MarathonTask[]): void;
  /** Asks a task to stop. Unless fewer are wanted by then, another takes its place. */
  kill(task: MarathonTask): void;
  /** A task ends by itself; another takes its place. */
  crash(task: MarathonTask): void;
  /** Launches what is missing, as far as there is room. */
  reconcile(): void;
  taskChanged(task: MarathonTask, state: string): void;
}

/** Makes a cluster without apps. Ends with `life`. */
export function createWorld(
  settings: MarathonSettings,
  clock: MarathonClock,
  emit: Emit,
  life: AbortSignal,
): World {
  const apps = new Map<string, MarathonApp>();
  const deployments = createDeployments({ apps, settings, clock, emit, life });
  const tasksThere = (): number => [...apps.values()].reduce((n, app) => n + app.tasks.length, 0);
  const later = (ms: number, then: () => void): void => {
    clock.sleep(ms, life).then(then, () => {});
  };
  const isThere = (task: MarathonTask): boolean =>
    apps.get(task.appId)?.tasks.includes(task) === true;

  function taskChanged(task: MarathonTask, state: string): void {
    const version = iso(apps.get(task.appId)?.version ?? 0);
    emit("status_update_event", {
      slaveId: "agent-0",
      taskId: task.id,
      taskStatus: state,
      message: "",
      appId: task.appId,
      host: "agent-0.example",
      ipAddresses: [],
      ports: [31_000],
      version,
    });
    emit("instance_changed_event", {
      instanceId: instanceOf(task),
      condition: conditionOf(state),
      runSpecId: task.appId,
      agentId: "agent-0",
      host: "agent-0.example",
      runSpecVersion: version,
    });
  }

  function launch(app: MarathonApp): void {
    const task: MarathonTask = {
      id: `${app.id.slice(1).replaceAll("/", "_")}.instance-${randomUUID()}._app.1`,
      appId: app.id,
      stagedAt: clock.now(),
      startedAt: undefined,
      state: "TASK_STAGING",
      ending: false,
      healthy: undefined,
    };
    app.tasks.push(task);
    taskChanged(task, "TASK_STAGING");
    later(settings.stagingMs, () => {
      if (!isThere(task) || task.ending) return;
      task.state = "TASK_RUNNING";
      task.startedAt = clock.now();
      taskChanged(task, "TASK_RUNNING");
      if (app.isBroken) end(task, "TASK_FAILED");
      else if (app.hasHealthCheck) later(settings.healthMs, () => setHealth(task));
    });
  }

  function setHealth(task: MarathonTask): void {
    if (!isThere(task) || task.healthy !== undefined) return;
    task.healthy = true;
    const version = iso(apps.get(task.appId)?.version ?? 0);
    emit("instance_health_changed_event", {
      instanceId: instanceOf(task),
      runSpecId: task.appId,
      healthy: true,
      runSpecVersion: version,
    });
  }

  function reconcile(): void {
    for (const app of apps.values()) {
      let missing = app.instances - app.tasks.filter((task) => !task.ending).length;
      for (; missing > 0 && tasksThere() < settings.capacity; missing--) launch(app);
    }
  }

  function kill(task: MarathonTask): void {
    if (task.ending) return;
    task.ending = true;
    if (settings.taskKilling) {
      task.state = "TASK_KILLING";
      taskChanged(task, "TASK_KILLING");
    }
    later(settings.killMs, () => end(task, "TASK_KILLED"));
  }

  function end(task: MarathonTask, state: string): void {
    const app = apps.get(task.appId);
    if (app === undefined || !isThere(task)) return;
    app.tasks = app.tasks.filter((other) => other !== task);
    if (state === "TASK_FAILED") app.lastFailure = { taskId: task.id, at: clock.now() };
    taskChanged(task, state);
    reconcile();
  }

  return {
    settings,
    clock,
    apps,
    deployments,
    kill,
    reconcile,
    taskChanged,
    crash: (task) => end(task, "TASK_FAILED"),
    createApp(said) {
      const now = clock.now();
      const app: MarathonApp = {
        id: said.id.startsWith("/") ? said.id : `/${said.id}`,
        instances: said.instances ?? 0,
        version: now,
        lastScalingAt: now,
        lastConfigChangeAt: now,
        hasHealthCheck: said.hasHealthCheck ?? false,
        killSelection: said.killSelection ?? "YOUNGEST_FIRST",
        labels: said.labels ?? {},
        isBroken: said.isBroken ?? false,
        tasks: [],
        lastFailure: undefined,
      };
      apps.set(app.id, app);
      reconcile();
      return app;
    },
    removeApp(id) {
      deployments.dropOf(id);
      apps.delete(id);
      emit("app_terminated_event", { appId: id });
    },
    scaleTo(app, instances, victims) {
      app.instances = instances;
      app.version = clock.now();
      app.lastScalingAt = app.version;
      const live = app.tasks.filter((task) => !task.ending);
      const byAge = app.killSelection === "OLDEST_FIRST" ? live : live.toReversed();
      const excess = Math.max(0, live.length - instances);
      for (const task of victims ?? byAge.slice(0, excess)) kill(task);
      reconcile();
    },
  };
}

function instanceOf(task: MarathonTask): string {
  return task.id.replace(/\._app\.\d+$/, "");
}

function conditionOf(state: string): string {
  const word = state.slice("TASK_".length).toLowerCase();
  return word.charAt(0).toUpperCase() + word.slice(1);
}
