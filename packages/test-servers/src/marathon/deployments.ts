import { randomUUID } from "node:crypto";
import {
  iso,
  type Deployment,
  type Emit,
  type MarathonApp,
  type MarathonClock,
  type MarathonSettings,
} from "./types.ts";

/** The deployments that run, and the locks they are. */
export interface Deployments {
  all(): readonly Deployment[];
  /** Those that lock this app. */
  of(appId: string): readonly Deployment[];
  /** Runs until the app is as it is wanted. */
  start(appId: string, action: Deployment["action"]): Deployment;
  /** One that has nothing to do: it locks nothing, and ends at once. */
  startEmpty(appId: string): string;
  /** Takes it off the list, with the event that says how it ended. */
  finish(deployment: Deployment, reason?: string): void;
  /** A request was refused: that is told as a deployment that failed, under an id nobody has. */
  refused(appId: string): void;
  /** Forgets those of an app that is gone. */
  dropOf(appId: string): void;
}

interface Context {
  readonly apps: ReadonlyMap<string, MarathonApp>;
  readonly settings: MarathonSettings;
  readonly clock: MarathonClock;
  readonly emit: Emit;
  readonly life: AbortSignal;
}

/** Starts without any. */
export function createDeployments({ apps, settings, clock, emit, life }: Context): Deployments {
  const running = new Map<string, Deployment>();

  /** There is no time limit: one that cannot come true stays, and so does its lock. */
  async function follow(deployment: Deployment): Promise<void> {
    const signal = AbortSignal.any([life, deployment.over.signal]);
    do await clock.sleep(settings.checkMs, signal);
    while (!isDone(apps.get(deployment.appId)));
    finish(deployment);
  }

  function finish(deployment: Deployment, reason?: string): void {
    if (!running.delete(deployment.id)) return;
    deployment.over.abort();
    const plan = planOf(deployment);
    if (reason !== undefined) {
      emit("deployment_failed", { id: deployment.id, plan, reason });
      return;
    }
    emit("deployment_step_success", { plan, currentStep: plan.steps[0] });
    emit("deployment_success", { id: deployment.id, plan });
  }

  return {
    all: () => [...running.values()],
    of: (appId) => [...running.values()].filter((deployment) => deployment.appId === appId),
    finish,
    start(appId, action) {
      const id = randomUUID();
      const deployment = { id, version: clock.now(), appId, action, over: new AbortController() };
      running.set(id, deployment);
      const plan = planOf(deployment);
      emit("group_change_success", { groupId: "/", version: plan.version });
      emit("api_post_event", { clientIp: "127.0.0.1", uri: `/v2/apps${appId}`, appDefinition: {} });
      emit("deployment_info", { plan, currentStep: plan.steps[0] });
      if (action === "ScaleApplication") follow(deployment).catch(() => {});
      return deployment;
    },
    startEmpty() {
      const id = randomUUID();
      emit("deployment_success", { id, plan: { id, steps: [], version: iso(clock.now()) } });
      return id;
    },
    refused(appId) {
      const id = randomUUID();
      const version = clock.now();
      const over = new AbortController();
      const plan = planOf({ id, version, appId, action: "ScaleApplication", over });
      emit("group_change_failed", { groupId: "/", version: plan.version, reason: "locked" });
      emit("deployment_failed", { id, plan, reason: "App is locked by one or more deployments." });
    },
    dropOf(appId) {
      for (const deployment of running.values()) {
        if (deployment.appId === appId) finish(deployment, "The app is gone");
      }
    },
  };
}

/** As Marathon checks: every instance runs, and is healthy if that is checked; none is still to go. */
function isDone(app: MarathonApp | undefined): boolean {
  if (app === undefined) return true;
  return (
    app.tasks.length === app.instances &&
    app.tasks.every(
      (task) =>
        !task.ending &&
        task.state === "TASK_RUNNING" &&
        (!app.hasHealthCheck || task.healthy === true),
    )
  );
}

interface Plan {
  readonly id: string;
  readonly steps: readonly { readonly actions: readonly unknown[] }[];
  readonly version: string;
}

function planOf({ id, action, appId, version }: Deployment): Plan {
  return { id, steps: [{ actions: [{ action, app: appId }] }], version: iso(version) };
}

/** As `GET /v2/deployments` lists it. */
export function deploymentJson(deployment: Deployment): object {
  const { id, action, appId, version } = deployment;
  return {
    id,
    version: iso(version),
    affectedApps: [appId],
    affectedPods: [],
    steps: planOf(deployment).steps,
    currentActions: [{ action, app: appId, readinessCheckResults: [] }],
    currentStep: 1,
    totalSteps: 1,
  };
}
