import { isMicroscalingError, type Finding, type SchedulerTask } from "@microscaling/core";
import { memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import { failureOf, ruleFor, type Access } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { pathOf } from "./resources.ts";
import { listRivals, RIVAL_ADVICE, rivalsOf } from "./rivals.ts";
import { accessTo, type Locate, type Target } from "./targets.ts";
import type { KubernetesWorkload } from "./workload.ts";

/** What checking a task needs. */
export interface CheckContext {
  readonly connection: Connection;
  readonly locate: Locate;
}

/** Checks whether a task can be scaled. Returns one finding for each question. @throws MicroscalingError if the cluster cannot be asked. */
export async function checkTask(
  { connection, locate }: CheckContext,
  task: SchedulerTask<KubernetesWorkload>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const reached = await checkServer(connection, signal);
  try {
    const target = await locate(task, signal);
    return [
      reached,
      ...(await checkObject(connection, target, signal)),
      ...(await checkRights(connection, target, signal)),
      ...(await checkRivals(connection, target, signal)),
    ];
  } catch (error) {
    if (!isMicroscalingError(error) || error.code === "ERR_SCHEDULER_UNREACHABLE") throw error;
    return [reached, problem(error.message)];
  }
}

async function checkServer(connection: Connection, signal: AbortSignal): Promise<Finding> {
  const doing = "report its version";
  const version = await connection.ask({ doing, path: "/version" }, signal);
  const message = `Kubernetes ${textIn(version, "gitVersion") ?? ""} answers at ${connection.at}`;
  return { level: "ok", message };
}

/** Looks for the object with a list, because nothing else needs the permission to get a single object. */
async function checkObject(
  connection: Connection,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { label, name, resource, namespace } = target;
  const request = {
    doing: `look for ${label}`,
    path: pathOf(resource, namespace),
    query: { fieldSelector: `metadata.name=${name}` },
  };
  try {
    const [object] = objectsIn(await connection.ask(request, signal), "items");
    if (object !== undefined) return [{ level: "ok", message: `${label} exists` }];
    const advice =
      "create the object, or correct workload.name, workload.namespace or workload.kind";
    return [{ level: "problem", message: `${label} does not exist`, advice }];
  } catch (error) {
    // A missing permission is reported together with the other permissions.
    if (failureOf(error)?.status === 403) return [];
    throw error;
  }
}

/** Each error of this plugin says what to do after its last semicolon. */
function problem(message: string): Finding {
  const cut = message.lastIndexOf("; ");
  if (cut < 0) return { level: "problem", message, advice: "see the message" };
  return { level: "problem", message: message.slice(0, cut), advice: message.slice(cut + 2) };
}

async function checkRights(
  connection: Connection,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { namespace, label } = target;
  const needed = [
    accessTo(target, "list"),
    accessTo(target, "watch"),
    accessTo(target, "patch", "scale"),
    ...(target.resource.custom ? [accessTo(target, "get", "scale")] : []),
  ];
  const denied = await findDenied(connection, needed, signal);
  const podRights = ["list", "watch"].map((verb) => ({
    verb,
    group: "",
    resource: "pods",
    namespace,
  }));
  const hidden = await findDenied(connection, podRights, signal);
  const findings: Finding[] = denied.map((access) => ({
    level: "problem",
    message: `the agent may not ${access.verb} ${access.resource} in namespace ${namespace}`,
    advice: `add to its Role there: ${ruleFor(access)}`,
  }));
  if (denied.length === 0)
    findings.push({ level: "ok", message: `the agent may watch and scale ${label}` });
  if (hidden.length === 0) {
    findings.push({ level: "ok", message: `the agent may count pods in namespace ${namespace}` });
  } else {
    findings.push({
      level: "warning",
      message: `the agent may not read pods in namespace ${namespace}, so stopping pods count only by their grace period`,
      advice: `add to the agent's Role there: { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }`,
    });
  }
  return findings;
}

async function findDenied(
  connection: Connection,
  all: readonly Access[],
  signal: AbortSignal,
): Promise<readonly Access[]> {
  const allowed = await Promise.all(all.map((access) => isAllowed(connection, access, signal)));
  return all.filter((_, index) => allowed[index] === false);
}

/** Every user may ask the API server for their own permissions. */
async function isAllowed(
  connection: Connection,
  { verb, group, resource, namespace, name }: Access,
  signal: AbortSignal,
): Promise<boolean> {
  const [plural, subresource] = resource.split("/");
  const resourceAttributes = { verb, group, resource: plural, subresource, namespace, name };
  const answer = await connection.ask(
    {
      doing: "list the agent's permissions",
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes },
      },
    },
    signal,
  );
  return memberIn(answer, "status")["allowed"] === true;
}

async function checkRivals(
  connection: Connection,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const rivals = await listRivals(connection, target.namespace, signal);
  const own = rivalsOf(target, rivals);
  const findings: Finding[] = own.map((rival) => ({
    level: "problem",
    message: `${rival.label} also scales ${target.label}, so the two change it back and forth`,
    advice: RIVAL_ADVICE,
  }));
  if (rivals.hidden.length > 0) {
    findings.push({
      level: "warning",
      message: `the agent may not list ${rivals.hidden.join(" and ")}, so it does not know whether one of these also scales ${target.label}`,
      advice: "allow the agent to list them, or check yourself: kubectl get hpa,scaledobjects",
    });
  } else if (own.length === 0) {
    findings.push({ level: "ok", message: `no autoscaler scales ${target.label}` });
  }
  return findings;
}
