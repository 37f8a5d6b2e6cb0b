import type { Client } from "./client.ts";
import { appIdOf, appPath, parseOneApp, type App, type AppInstance, type Task } from "./apps.ts";
import { toError, type Answer } from "./errors.ts";

/** Requests this number of instances of the task's app. Returns Marathon's answer. */
export async function requestChange(
  client: Client,
  task: Task,
  instances: number,
  signal: AbortSignal,
): Promise<Answer> {
  const force = task.workload.force ? "force=true" : "";
  const victims = await chooseVictims(client, task, instances, signal);
  if (victims.length > 0) {
    const body = { ids: victims.map(({ id }) => id) };
    const path = `/v2/tasks/delete?${["scale=true", force].filter((word) => word !== "").join("&")}`;
    return client.ask({ method: "POST", path, body, isOnce: true }, signal);
  }
  const path = `${appPath(task)}${force === "" ? "" : `?${force}`}`;
  return client.ask({ method: "PUT", path, body: { instances } }, signal);
}

/**
 * The instances to stop, if the user says which. None while others start or stop: this request has no absolute number, so it would add to changes in
 * progress.
 */
async function chooseVictims(
  client: Client,
  task: Task,
  instances: number,
  signal: AbortSignal,
): Promise<readonly AppInstance[]> {
  const { kill } = task.workload;
  if (kill === undefined) return [];
  const app = await findApp(client, task, signal);
  if (app === undefined || app.instances <= instances) return [];
  const live = app.tasks.filter(({ state }) => state !== "TASK_KILLING");
  if (live.length !== app.instances) return [];
  const byAge = live.toSorted((a, b) => startOf(a) - startOf(b));
  return (kill === "oldest" ? byAge : byAge.toReversed()).slice(0, app.instances - instances);
}

/** In milliseconds since the epoch. An instance that has not started yet counts as newer than all others. */
function startOf({ stagedAt, startedAt }: AppInstance): number {
  const at = Date.parse(startedAt ?? stagedAt ?? "");
  return Number.isNaN(at) || startedAt === undefined ? Number.MAX_SAFE_INTEGER : at;
}

/** Reads the task's app with its instances. @returns `undefined` if there is no such app. @throws MicroscalingError if Marathon does not answer with an app. */
export async function findApp(
  client: Client,
  task: Task,
  signal: AbortSignal,
): Promise<App | undefined> {
  const answer = await client.ask({ method: "GET", path: appPath(task) }, signal);
  if (answer.status === 404) return undefined;
  if (answer.status === 200) return parseOneApp(answer);
  throw toError(answer, { doing: `look at app ${appIdOf(task)}`, task: task.name });
}
