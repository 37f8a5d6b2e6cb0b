import { MicroscalingError, type Counts, type SchedulerTask } from "@microscaling/core";
import * as z from "zod";

import { unusable, type Answer } from "./errors.ts";
import { appIdPattern, type MarathonWorkload } from "./options.ts";

/** A task of the engine's; Marathon calls its instances tasks too. */
export type Task = SchedulerTask<MarathonWorkload>;

/** One instance of an app. */
export interface AppInstance {
  readonly id: string;
  readonly state?: string | undefined;
  readonly stagedAt?: string | undefined;
  readonly startedAt?: string | undefined;
}

/** How the last instance ended that ended by itself. */
export interface AppFailure {
  readonly taskId: string;
  readonly timestamp: string;
  readonly state: string;
  readonly host: string;
  readonly message: string;
}

/** What matters of an app. */
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

/** Where the app is asked for. Slashes stay as they are. @throws MicroscalingError when there can be no app of that id. */
export function appPath(task: Task): string {
  const id = appIdOf(task);
  if (appIdPattern.test(id)) return `/v2/apps${id}`;
  throw new MicroscalingError(
    "ERR_OBJECT_MISSING",
    `task "${task.name}": ${id} cannot be the id of an app; set workload.app to one such as /prod/worker`,
  );
}

/** What is wrong when there is no such app. */
export function missingApp(task: Task, from: string): MicroscalingError {
  const hint =
    task.workload.app === undefined ? "set workload.app to its id" : "check workload.app";
  return new MicroscalingError(
    "ERR_OBJECT_MISSING",
    `task "${task.name}": ${from} has no app ${appIdOf(task)}, or it may not be viewed; create it, or ${hint}`,
  );
}

/** The request that tells of all these apps at once, and of as few others as can be. */
export function listPath(tasks: readonly Task[]): string {
  const embed = ["counts", "deployments", "tasks", "lastTaskFailure"].map(
    (what) => `embed=apps.${what}`,
  );
  const part = commonPart(tasks.map(appIdOf));
  // Ids are chosen by a part of them, wherever it stands; there is no list of them to be given.
  const id = part === "" ? [] : [`id=${encodeURIComponent(part)}`];
  return `/v2/apps?${[...id, ...embed].join("&")}`;
}

/** How all ids begin, the slash aside. */
function commonPart([first = "/", ...others]: readonly string[]): string {
  let part = first;
  for (const id of others) while (!id.startsWith(part)) part = part.slice(0, -1);
  return part.slice(1);
}

/** The apps of a list, each by its id; one that is not as expected is its reason instead. @throws MicroscalingError when it is no list. */
export function parseApps({ json, from }: Answer): ReadonlyMap<string, App | MicroscalingError> {
  const { data } = z.object({ apps: z.array(z.looseObject({ id: z.string() })) }).safeParse(json);
  if (data === undefined) throw unusable(from, "a list of apps");
  return new Map(data.apps.map((app) => [app.id, parseApp(app, from)]));
}

/** The app of a single answer. @throws MicroscalingError when it is none. */
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
 * What Marathon says of an app, as counts. `instances` is what is wanted; what runs is `tasksRunning`, in which tasks that are being
 * killed may still be, and staged tasks are not the ones that wait for room.
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
