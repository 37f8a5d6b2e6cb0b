import { INSTANCES, MicroscalingError, type Amounts } from "@microscaling/core";
import { type Fields, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import { failureOf, type Access } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { readQuantity } from "./quantity.ts";

/** The parts of a connection that reading the capacity needs. */
type Asked = Pick<Connection, "ask" | "namespace" | "at">;

/** The number of nodes per request. */
const PAGE = 500;

/**
 * Reads the capacity of the cluster: the limits of the named quota, or the resources of the nodes. `pods` become instances.
 * @param quota `namespace/name`, or `name` in the scheduler's own namespace
 * @throws MicroscalingError if the cluster cannot be asked or the quota does not exist.
 */
export async function readCapacity(
  connection: Asked,
  quota: string | undefined,
  signal: AbortSignal,
): Promise<Amounts> {
  return quota === undefined
    ? await readNodes(connection, signal)
    : await readQuota(connection, quota, signal);
}

async function readNodes(connection: Asked, signal: AbortSignal): Promise<Amounts> {
  const access: Access = { verb: "list", group: "", resource: "nodes" };
  // Every node has these.
  const sum = new Map(["cpu", "memory", INSTANCES].map((name) => [name, 0]));
  let counted = 0;
  let next = "";
  do {
    const page = { limit: PAGE, ...(next === "" ? {} : { continue: next }) };
    const request = { doing: "list nodes", access, path: "/api/v1/nodes", query: page };
    const list = await connection.ask(request, signal);
    for (const node of objectsIn(list, "items").filter(takesPods)) {
      counted += 1;
      for (const [name, amount] of Object.entries(
        amountsOf(memberIn(node, "status"), "allocatable"),
      ))
        sum.set(name, (sum.get(name) ?? 0) + amount);
    }
    next = textIn(memberIn(list, "metadata"), "continue") ?? "";
  } while (next !== "");
  // Otherwise the agent would stop everything because of an answer that is probably wrong.
  if (counted === 0)
    throw new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `Kubernetes at ${connection.at} lists no node that accepts pods; check: kubectl get nodes`,
    );
  return Object.fromEntries(sum);
}

/** Whether a node accepts pods: it is neither cordoned nor reserved for the control plane. A node that is down still counts, so that nothing is stopped. */
function takesPods(node: Fields): boolean {
  const spec = memberIn(node, "spec");
  if (spec["unschedulable"] === true) return false;
  return !objectsIn(spec, "taints").some(
    (taint) =>
      textIn(taint, "key") === "node-role.kubernetes.io/control-plane" &&
      textIn(taint, "effect") === "NoSchedule",
  );
}

async function readQuota(
  connection: Asked,
  written: string,
  signal: AbortSignal,
): Promise<Amounts> {
  const [name = "", own] = written.split("/").toReversed();
  const namespace = own ?? (await connection.namespace());
  const access: Access = { verb: "get", group: "", resource: "resourcequotas", namespace };
  const path = `/api/v1/namespaces/${namespace}/resourcequotas/${name}`;
  const label = `ResourceQuota ${namespace}/${name}`;
  try {
    const quota = await connection.ask({ doing: `get ${label}`, access, path }, signal);
    return amountsOf(memberIn(quota, "spec"), "hard");
  } catch (error) {
    if (failureOf(error)?.status !== 404) throw error;
    throw new MicroscalingError(
      "ERR_OBJECT_MISSING",
      `Kubernetes at ${connection.at} has no ${label}; create the quota, or correct scheduler.resourceQuota`,
      { cause: error },
    );
  }
}

/** Converts amounts to the names of the config: `pods` become instances, and `requests.` is removed from names. */
function amountsOf(object: Fields, key: string): Amounts {
  const amounts = new Map<string, number>();
  for (const [name, written] of Object.entries(memberIn(object, key))) {
    const amount = readQuantity(written);
    if (amount === undefined || /^(limits\.|count\/)/.test(name)) continue;
    amounts.set(name === "pods" ? INSTANCES : name.replace(/^requests\./, ""), amount);
  }
  return Object.fromEntries(amounts);
}
