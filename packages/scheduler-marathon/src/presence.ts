import { asMicroscalingError, MicroscalingError } from "@microscaling/core";
import { fieldsOf } from "@microscaling/plugin-kit";

import { appIdOf, missingApp, type App, type Task } from "./apps.ts";
import { findApp } from "./changes.ts";
import type { Client } from "./client.ts";
import { toError } from "./errors.ts";

/** A list of apps, by their ids. */
export interface AppList {
  readonly apps: ReadonlyMap<string, App | MicroscalingError>;
  /** The master that answered. */
  readonly from: string;
}

/**
 * Checks apps that are no longer in the list. An app is also missing if the account may no longer view it, or if the server has problems. An app that is
 * being deleted still has instances. In each case, the engine must not give away the app's capacity.
 */
export interface Presence {
  /** @returns for each app that was listed before: the app, or why it is unknown. Nothing for apps that no longer exist. */
  check(
    tasks: readonly Task[],
    list: AppList,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, App | MicroscalingError>>;
}

/** The number of apps that are requested at the same time. The others wait. */
const AT_ONCE = 10;

/** Creates a check that has seen no list yet. */
export function createPresence(client: Client): Presence {
  const listed = new Set<string>();
  /** The last result for each app that is missing from the list. */
  let before: ReadonlyMap<string, App | MicroscalingError> = new Map();
  let turn = 0;

  async function look(
    task: Task,
    from: string,
    signal: AbortSignal,
  ): Promise<App | MicroscalingError> {
    try {
      const app = await findApp(client, task, signal);
      if (app !== undefined) return app;
      if (await isBeingDeleted(client, appIdOf(task), signal)) return leaving(task, from);
      listed.delete(appIdOf(task));
      return missingApp(task, from);
    } catch (error) {
      signal.throwIfAborted();
      return asMicroscalingError(error, "ERR_SCHEDULER_REFUSED", `task "${task.name}"`);
    }
  }

  return {
    async check(tasks, { apps, from }, signal) {
      for (const task of tasks) if (apps.has(appIdOf(task))) listed.add(appIdOf(task));
      const absent = tasks.filter((task) => {
        const id = appIdOf(task);
        return listed.has(id) && !apps.has(id);
      });
      const begin = absent.length === 0 ? 0 : (turn += AT_ONCE) % absent.length;
      const asked = [...absent.slice(begin), ...absent.slice(0, begin)].slice(0, AT_ONCE);
      const now = new Map<string, App | MicroscalingError>(
        absent.map((task) => {
          const id = appIdOf(task);
          const last = before.get(id);
          return [id, last instanceof MicroscalingError ? last : unsure(task, from)];
        }),
      );
      await Promise.all(
        asked.map(async (task) => now.set(appIdOf(task), await look(task, from, signal))),
      );
      before = now;
      return now;
    },
  };
}

async function isBeingDeleted(client: Client, id: string, signal: AbortSignal): Promise<boolean> {
  const answer = await client.ask({ method: "GET", path: "/v2/deployments" }, signal);
  if (answer.status !== 200) throw toError(answer, { doing: "list its deployments" });
  const deployments: readonly unknown[] = Array.isArray(answer.json) ? answer.json : [];
  return deployments.some((one) => {
    const { affectedApps } = fieldsOf(one);
    return Array.isArray(affectedApps) && affectedApps.includes(id);
  });
}

function leaving(task: Task, from: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task.name}": ${from} is deleting app ${appIdOf(task)}, whose instances keep their room until they have stopped; remove the task from the config`,
  );
}

function unsure(task: Task, from: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `task "${task.name}": ${from} no longer lists app ${appIdOf(task)}; the agent will ask for this app directly`,
  );
}
