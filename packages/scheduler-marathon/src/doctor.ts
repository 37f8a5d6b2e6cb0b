import { isMicroscalingError, problemOf, type Finding } from "@microscaling/core";
import { fieldsOf } from "@microscaling/plugin-kit";

import { countApp, missingApp, type App, type Task } from "./apps.ts";
import { findApp } from "./changes.ts";
import type { Client } from "./client.ts";
import { toError } from "./errors.ts";

/** Checks one task without changing anything. @throws MicroscalingError if Marathon cannot be asked. */
export async function examine(
  client: Client,
  task: Task,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { finding, from } = await findMarathon(client, signal);
  const found = [finding];
  try {
    const app = await findApp(client, task, signal);
    if (app === undefined) return [...found, problemOf(missingApp(task, from))];
    found.push(thereIs(app), ...healthOf(app), ...locksOn(app));
  } catch (error) {
    if (!isMicroscalingError(error)) throw error;
    found.push(problemOf(error));
  }
  return found;
}

interface Found {
  readonly finding: Finding;
  /** Reports which master answers. */
  readonly from: string;
}

async function findMarathon(client: Client, signal: AbortSignal): Promise<Found> {
  const answer = await client.ask({ method: "GET", path: "/v2/info" }, signal);
  if (answer.status !== 200) throw toError(answer, { doing: "ask what it is" });
  const { name = "Marathon", version = "of unknown version" } = fieldsOf(answer.json);
  const message = `${String(name)} ${String(version)} answers at ${answer.from}`;
  return { finding: { level: "ok", message }, from: answer.from };
}

function thereIs(app: App): Finding {
  const { running, requested } = countApp(app);
  return {
    level: "ok",
    message: `app ${app.id} exists: ${running} of ${requested} instances run. Only the first change shows whether the agent may change it`,
  };
}

function healthOf(app: App): readonly Finding[] {
  const { unhealthy = 0, running } = countApp(app);
  if (unhealthy === 0) return [];
  const message = `${unhealthy} of ${running} instances of app ${app.id} are unhealthy`;
  return [{ level: "warning", message, advice: "check the app's health checks and logs" }];
}

function locksOn(app: App): readonly Finding[] {
  return app.deployments.map(({ id }) => ({
    level: "warning",
    message: `app ${app.id} is locked by deployment ${id}, so it cannot be scaled before the deployment ends`,
    advice: `wait for it; GET /v2/queue shows what it waits for, and DELETE /v2/deployments/${id} ends it if it is stuck`,
  }));
}
