import { appJson, parseFields, queueJson, taskJson } from "./json.ts";
import { deploymentJson } from "./deployments.ts";
import { iso, type MarathonApp, type MarathonTask } from "./types.ts";
import type { World } from "./world.ts";

/** A request, as far as an answer depends on it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** `host:port` of the master that leads. */
  readonly leader: string;
  /** Apps that may be looked at and not changed. */
  readonly forbidden: ReadonlySet<string>;
  /** Apps that may not even be looked at. */
  readonly hidden: ReadonlySet<string>;
  /** Lists have no app in them. */
  readonly isEmpty: boolean;
}

/** An answer; `body` is sent as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const said = (status: number, message: string, more: object = {}): ApiAnswer => ({
  status,
  body: { message, ...more },
});

/** What Marathon answers, streams and logins aside. */
export function answerApi(world: World, request: ApiRequest): ApiAnswer {
  const { method, path, query, leader } = request;
  const route = `${method} ${path.replace(/\/+$/, "")}`;
  const embed = query.getAll("embed");
  switch (route) {
    case "GET /ping":
      return { status: 200, body: "pong" };
    case "GET /v2/info":
      return { status: 200, body: { name: "marathon", version: "1.10.0", elected: true, leader } };
    case "GET /v2/leader":
      return { status: 200, body: { leader } };
    case "GET /v2/apps":
      return {
        status: 200,
        body: { apps: list(world, request).map((app) => appJson(world, app, embed)) },
      };
    case "GET /v2/deployments":
      return { status: 200, body: world.deployments.all().map(deploymentJson) };
    case "GET /v2/queue":
      return { status: 200, body: queueJson(world) };
    case "POST /v2/tasks/delete":
      return deleteTasks(world, request);
    default:
      return answerOne(world, request);
  }
}

function list(world: World, { query, hidden, isEmpty }: ApiRequest): MarathonApp[] {
  if (isEmpty) return [];
  const part = query.get("id") ?? "";
  return [...world.apps.values()].filter(({ id }) => id.includes(part) && !hidden.has(id));
}

/** What is about one app or one deployment. */
function answerOne(world: World, request: ApiRequest): ApiAnswer {
  const { method, path } = request;
  const deploymentId = /^\/v2\/deployments\/([^/]+)$/.exec(path)?.[1];
  if (method === "DELETE" && deploymentId !== undefined)
    return deleteDeployment(world, deploymentId, request.query);
  // The rest of the path is the id, with or without a slash of its own.
  const rest = /^\/v2\/apps\/+(.+)$/.exec(path)?.[1];
  if (rest === undefined) return said(500, "URI not found");
  const id = `/${rest.replace(/\/tasks$/, "")}`;
  const app = world.apps.get(id);
  if (request.hidden.has(id)) return said(403, "Not Authorized to perform this action!");
  const missing = said(404, `App '${id}' does not exist`);
  if (method === "GET" && rest.endsWith("/tasks"))
    return app === undefined ? missing : { status: 200, body: { tasks: app.tasks.map(taskJson) } };
  if (method === "GET") {
    const embed = [...request.query.getAll("embed"), "tasks", "lastTaskFailure"];
    return app === undefined ? missing : { status: 200, body: { app: appJson(world, app, embed) } };
  }
  if (method === "PATCH" && app === undefined) return missing;
  if (method === "PUT" || method === "PATCH") return putApp(world, app, id, request);
  return said(500, "URI not found");
}

function putApp(
  world: World,
  app: MarathonApp | undefined,
  id: string,
  { body, query, forbidden }: ApiRequest,
): ApiAnswer {
  const update = parse(body);
  if ("answer" in update) return update.answer;
  if (forbidden.has(id)) return said(403, "Not Authorized to perform this action!");
  const { instances } = update.value;
  const wrong = (message: string, error: string): ApiAnswer =>
    said(422, message, { details: [{ path: "/instances", errors: [error] }] });
  if (typeof instances !== "number") return wrong("Invalid JSON", "error.expected.jsnumber");
  if (!Number.isInteger(instances) || instances < 0)
    return wrong("Object is not valid", "must be a whole number from 0");
  if (app === undefined)
    return said(422, "Object is not valid", {
      details: [
        { path: "/", errors: ["AppDefinition must contain one of 'cmd', 'args' or 'container'."] },
      ],
    });
  if (instances === app.instances) {
    const deploymentId = world.deployments.startEmpty(id);
    return deployed(deploymentId, app.version);
  }
  const refusal = admit(world, app, query);
  if (refusal !== undefined) return refusal;
  const deployment = world.deployments.start(id, "ScaleApplication");
  world.scaleTo(app, instances);
  return deployed(deployment.id, deployment.version);
}

function deleteTasks(world: World, { body, query, forbidden }: ApiRequest): ApiAnswer {
  const parsed = parse(body);
  if ("answer" in parsed) return parsed.answer;
  const isScale = query.get("scale") === "true";
  if (isScale && query.get("wipe") === "true")
    return said(400, "You cannot use scale and wipe at the same time.");
  const { ids } = parsed.value;
  const wanted = new Set(Array.isArray(ids) ? ids : []);
  const byApp = [...world.apps.values()].flatMap((app) => {
    const tasks = app.tasks.filter(({ id }) => wanted.has(id));
    return tasks.length === 0 ? [] : [{ app, tasks }];
  });
  if (byApp.some(({ app }) => forbidden.has(app.id)))
    return said(403, "Not Authorized to perform this action!");
  if (!isScale) {
    const killed = byApp.flatMap(({ tasks }) => tasks);
    for (const task of killed) world.kill(task);
    return { status: 200, body: { tasks: killed.map(taskJson) } };
  }
  return scaleByTasks(world, byApp, query);
}

function scaleByTasks(
  world: World,
  byApp: readonly { readonly app: MarathonApp; readonly tasks: readonly MarathonTask[] }[],
  query: URLSearchParams,
): ApiAnswer {
  for (const { app } of byApp) {
    const refusal = admit(world, app, query);
    if (refusal !== undefined) return refusal;
  }
  const started = byApp.map(({ app, tasks }) => {
    const deployment = world.deployments.start(app.id, "ScaleApplication");
    world.scaleTo(app, Math.max(0, app.instances - tasks.length), tasks);
    return deployment;
  });
  const [first] = started;
  return deployed(
    first?.id ?? world.deployments.startEmpty("/"),
    first?.version ?? world.clock.now(),
  );
}

/** @returns the refusal, when there are too many deployments or the app is locked; with `force` whatever locks it is cancelled. */
function admit(world: World, app: MarathonApp, query: URLSearchParams): ApiAnswer | undefined {
  const { deployments, settings } = world;
  if (deployments.all().length >= settings.maxDeployments) {
    const message = `Max number (${settings.maxDeployments}) of running deployments is achieved. Wait for existing deployments to complete.`;
    return said(403, message);
  }
  const locks = deployments.of(app.id);
  if (locks.length === 0) return undefined;
  if (query.get("force") === "true") {
    for (const lock of locks) deployments.finish(lock, "The upgrade has been cancelled");
    return undefined;
  }
  deployments.refused(app.id);
  return said(
    409,
    "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
    { deployments: locks.map(({ id }) => ({ id })) },
  );
}

/** With `force` the deployment is forgotten; without, another one would undo it, which no test needs. */
function deleteDeployment(world: World, id: string, query: URLSearchParams): ApiAnswer {
  const found = world.deployments.all().find((deployment) => deployment.id === id);
  if (found === undefined) return said(404, `DeploymentPlan ${id} does not exist`);
  if (query.get("force") !== "true") return said(500, "not in this test server: use force=true");
  world.deployments.finish(found, "The upgrade has been cancelled");
  return { status: 202, body: undefined };
}

function deployed(deploymentId: string, version: number): ApiAnswer {
  return {
    status: 200,
    body: { version: iso(version), deploymentId },
    headers: { "marathon-deployment-id": deploymentId },
  };
}

function parse(
  body: string,
): { readonly value: Readonly<Record<string, unknown>> } | { readonly answer: ApiAnswer } {
  if (body === "")
    return { answer: said(400, "Please specify data in JSON format", { details: "" }) };
  try {
    return { value: parseFields(body) };
  } catch (error) {
    return { answer: said(400, "Invalid JSON", { details: String(error) }) };
  }
}
