import { INSTANCES, MicroscalingError, type Amounts } from "@microscaling/core";
import { type Fields, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import { failureOf, type Access } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { readQuantity } from "./quantity.ts";

/** What it is asked by. */
type Asked = Pick<Connection, "ask" | "namespace" | "at">;

/** So many nodes are asked for at a time. */
const PAGE = 500;

/**
 * What the cluster can hold: of the quota that is named, else of its nodes. `pods` are instances.
 * @param quota `name`, in the namespace of tasks that do not say theirs, or `namespace/name`
 * @throws MicroscalingError when it cannot be asked, or the quota is not there.
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
  // The agent would stop everything for an answer that is more likely wrong than true.
  if (counted === 0)
    throw new MicroscalingError(
      "ERR_SCHEDULER_REFUSED",
      `Kubernetes at ${connection.at} lists no node that takes pods; check: kubectl get nodes`,
    );
  return Object.fromEntries(sum);
}

/** Not one that is cordoned, nor one that is kept for the control plane. One that is down for a moment counts: nothing is stopped for that. */
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
      `Kubernetes at ${connection.at} has no ${label}; create it, or correct scheduler.resourceQuota`,
      { cause: error },
    );
  }
}

/** Amounts in the config's words: `pods` are instances, and what a quota says of requests is what tasks say they use. */
function amountsOf(object: Fields, key: string): Amounts {
  const amounts = new Map<string, number>();
  for (const [name, written] of Object.entries(memberIn(object, key))) {
    const amount = readQuantity(written);
    if (amount === undefined || /^(limits\.|count\/)/.test(name)) continue;
    amounts.set(name === "pods" ? INSTANCES : name.replace(/^requests\./, ""), amount);
  }
  return Object.fromEntries(amounts);
}
