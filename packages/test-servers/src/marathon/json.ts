import { iso, type MarathonApp, type MarathonTask } from "./types.ts";
import type { World } from "./world.ts";

/** An app as Marathon shows it. `embed` is what was requested; unknown words are ignored. */
export function appJson(world: World, app: MarathonApp, embed: readonly string[]): object {
  const asked = new Set(embed.map((word) => word.replace(/^(group\.)?apps?\./, "")));
  return {
    id: app.id,
    instances: app.instances,
    cmd: "work",
    cpus: 1,
    mem: 128,
    labels: app.labels,
    healthChecks: app.hasHealthCheck ? [{ protocol: "COMMAND" }] : [],
    killSelection: app.killSelection,
    backoffSeconds: 1,
    version: iso(app.version),
    versionInfo: {
      lastScalingAt: iso(app.lastScalingAt),
      lastConfigChangeAt: iso(app.lastConfigChangeAt),
    },
    tasksRunning: count(app, (task) => task.state === "TASK_RUNNING"),
    tasksStaged: count(app, (task) => task.state === "TASK_STAGING"),
    tasksHealthy: count(app, (task) => app.hasHealthCheck && task.healthy === true),
    tasksUnhealthy: count(app, (task) => app.hasHealthCheck && task.healthy === false),
    deployments: world.deployments.of(app.id).map(({ id }) => ({ id })),
    ...(asked.has("lastTaskFailure") ? { lastTaskFailure: failureJson(app) } : {}),
    ...(asked.has("tasks") ? { tasks: app.tasks.map(taskJson) } : {}),
  };
}

/** A task as Marathon shows it. */
export function taskJson(task: MarathonTask): object {
  return {
    id: task.id,
    appId: task.appId,
    host: "agent-0.example",
    state: task.state,
    role: "*",
    slaveId: "agent-0",
    ports: [31_000],
    servicePorts: [],
    ipAddresses: [],
    stagedAt: iso(task.stagedAt),
    ...(task.startedAt === undefined ? {} : { startedAt: iso(task.startedAt) }),
    healthCheckResults: task.healthy === undefined ? [] : [{ alive: task.healthy }],
  };
}

function failureJson({ id, lastFailure, version }: MarathonApp): object | undefined {
  if (lastFailure === undefined) return undefined;
  return {
    appId: id,
    host: "agent-0.example",
    message: "Command exited with status 3",
    state: "TASK_FAILED",
    taskId: lastFailure.taskId,
    timestamp: iso(lastFailure.at),
    version: iso(version),
    slaveId: "agent-0",
  };
}

/** What waits to be launched: where the cluster is full. */
export function queueJson(world: World): object {
  const queue = [...world.apps.values()].flatMap((app) => {
    const waiting = app.instances - count(app, (task) => !task.ending);
    if (waiting <= 0) return [];
    return [
      {
        app: { id: app.id },
        count: waiting,
        delay: { timeLeftSeconds: 0, overdue: true },
        since: iso(app.version),
        processedOffersSummary: {
          rejectSummaryLastOffers: [{ reason: "InsufficientCpus", declined: 1, processed: 1 }],
        },
      },
    ];
  });
  return { queue };
}

function count(app: MarathonApp, holds: (task: MarathonTask) => boolean): number {
  return app.tasks.filter(holds).length;
}

/** The members of an object in JSON; none if it is something else. @throws SyntaxError */
export function parseFields(text: string): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null
    ? Object.fromEntries(Object.entries(parsed))
    : {};
}
