import { MicroscalingError, type Counts, type SchedulerTask } from "@microscaling/core";
import * as z from "zod";

import { unusable, type Answer } from "./errors.ts";
import { appIdPattern, type MarathonWorkload } from "./options.ts";

/** A task of the engine. (Marathon also calls instances tasks.) */
export type Task = SchedulerTask<MarathonWorkload>;

/** One instance of an app. */
export interface AppInstance {
  readonly id: string;
  readonly state?: string | undefined;
  readonly stagedAt?: string | undefined;
  readonly startedAt?: string | undefined;
}

/** How the last instance that ended by itself ended. */
export interface AppFailure {
  readonly taskId: string;
  readonly timestamp: string;
  readonly state: string;
  readonly host: string;
  readonly message: string;
}

/** The parts of an app that are used. */
export interface App {
  readonly id: string;
  readonly instances: number;
  readonly tasksRunning: number;
  readonly tasksStaged: number;
  readonly tasksUnhealthy: number;
  readonly deployments: readonly { readonly id: string }[];
  readonly tasks: readonly AppInstance[];
  readonly lastTaskFailure?: AppFailure | undefined;
}

const count = z.int().min(0);

const appSchema: z.ZodType<App> = z.object({
  id: z.string(),
  instances: count,
  tasksRunning: count,
  tasksStaged: count,
  tasksUnhealthy: count.default(0),
  deployments: z.array(z.object({ id: z.string() })).default([]),
  tasks: z
    .array(
      z.object({
        id: z.string(),
        state: z.string().optional(),
        stagedAt: z.string().optional(),
        startedAt: z.string().optional(),
      }),
    )
    .default([]),
  lastTaskFailure: z
    .object({
      taskId: z.string(),
      timestamp: z.string(),
      state: z.string().default("failed"),
      host: z.string().default("some host"),
      message: z.string().default(""),
    })
    .optional(),
});

/** The id with its leading slash. */
export function appIdOf({ name, workload }: Task): string {
  const id = workload.app ?? name;
  return id.startsWith("/") ? id : `/${id}`;
}

/** The path of the app. Slashes are not escaped. @throws MicroscalingError if the id is not valid. */
export function appPath(task: Task): string {
  const id = appIdOf(task);
  if (appIdPattern.test(id)) return `/v2/apps${id}`;
  throw new MicroscalingError(
    "ERR_OBJECT_MISSING",
    `task "${task.name}": ${id} is not a valid app id; set workload.app to an id such as /prod/worker`,
  );
}

/** The error for a missing app. */
export function missingApp(task: Task, from: string): MicroscalingError {
  const hint =
    task.workload.app === undefined ? "set workload.app to the app's id" : "check workload.app";
  return new MicroscalingError(
    "ERR_OBJECT_MISSING",
    `task "${task.name}": ${from} has no app ${appIdOf(task)}, or the agent may not view it; create the app, or ${hint}`,
  );
}

/** The request that returns all these apps at once, and as few others as possible. */
export function listPath(tasks: readonly Task[]): string {
  const embed = ["counts", "deployments", "tasks", "lastTaskFailure"].map(
    (what) => `embed=apps.${what}`,
  );
  const part = commonPart(tasks.map(appIdOf));
  // The API filters ids by a part of the id, at any position. It does not accept a list of ids.
  const id = part === "" ? [] : [`id=${encodeURIComponent(part)}`];
  return `/v2/apps?${[...id, ...embed].join("&")}`;
}

/** The common start of all ids, without the slash. */
function commonPart([first = "/", ...others]: readonly string[]): string {
  let part = first;
  for (const id of others) while (!id.startsWith(part)) part = part.slice(0, -1);
  return part.slice(1);
}

/** The apps of a list by id. For an invalid app, the value is an error. @throws MicroscalingError if the answer is not a list. */
export function parseApps({ json, from }: Answer): ReadonlyMap<string, App | MicroscalingError> {
  const { data } = z.object({ apps: z.array(z.looseObject({ id: z.string() })) }).safeParse(json);
  if (data === undefined) throw unusable(from, "a list of apps");
  return new Map(data.apps.map((app) => [app.id, parseApp(app, from)]));
}

/** The app of a single answer. @throws MicroscalingError if the answer is not an app. */
export function parseOneApp({ json, from }: Answer): App {
  const { data } = z.object({ app: z.unknown() }).safeParse(json);
  const app = parseApp(data?.app, from);
  if (app instanceof MicroscalingError) throw app;
  return app;
}

function parseApp(app: unknown, from: string): App | MicroscalingError {
  const { data, error } = appSchema.safeParse(app);
  if (data !== undefined) return data;
  const where = error.issues[0]?.path.join(".") ?? "";
  return unusable(from, `\`${where}\` of an app to be as in Marathon`);
}

/**
 * Converts an app to counts. `instances` is the requested number. `tasksRunning` may still include tasks that are being killed. Staged tasks are not
 * the tasks that wait for room.
 */
export function countApp(app: App): Counts {
  const { instances, tasksRunning, tasksStaged, tasksUnhealthy, tasks } = app;
  const inState = (...states: readonly string[]): number =>
    tasks.filter(({ state = "" }) => states.includes(state)).length;
  const running = Math.min(tasksRunning, instances);
  const launched = tasksStaged + inState("TASK_STARTING", "TASK_UNREACHABLE");
  return {
    running,
    starting: Math.max(instances - running, launched),
    stopping: tasksRunning - running + inState("TASK_KILLING"),
    requested: instances,
    unhealthy: Math.min(tasksUnhealthy, running),
  };
}
