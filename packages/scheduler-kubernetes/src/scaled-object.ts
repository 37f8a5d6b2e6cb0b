import { countOf, listOf, member, textOf, type Json } from "./json.ts";
import { parseSelector, type Selector } from "./selector.ts";

/** What is kept of an object that is scaled. */
export interface ScaledObject {
  readonly resourceVersion: string;
  /** `spec.replicas`; of a custom object it is its scale subresource that says it. */
  readonly wanted: number;
  /** Pods that are there, whether ready or not, as its controller says. */
  readonly present: number;
  /** Of them, how many are ready; `undefined` when its controller says nothing of it, as at 0. */
  readonly ready: number | undefined;
  /** Which pods are its own; `undefined` when it does not say. */
  readonly selector: Selector | undefined;
  /** Its controller has seen the newest number that is wanted. */
  readonly settled: boolean;
  /** How long its pods may take to stop, in milliseconds. */
  readonly graceMs: number;
  /** Who last wrote how many are wanted. */
  readonly scaledBy: string | undefined;
  /** Why its controller cannot make the pods that are wanted. */
  readonly failure: string | undefined;
}

/** Kubernetes' own default, in seconds. */
const GRACE_S = 30;

/** Reads a Deployment, StatefulSet, ReplicaSet, ReplicationController, or anything that is built like them. */
export function readScaledObject(object: Json): ScaledObject {
  const { spec, status, metadata } = object;
  const podSpec = member(member(spec, "template"), "spec");
  return {
    resourceVersion: textOf(metadata, "resourceVersion") ?? "",
    // The API server fills in 1 where nothing was written.
    wanted: countOf(spec, "replicas") ?? 1,
    present: countOf(status, "replicas") ?? 0,
    ready: countOf(status, "readyReplicas"),
    selector: parseSelector(member(spec, "selector")),
    settled:
      (countOf(status, "observedGeneration") ?? Infinity) >= (countOf(metadata, "generation") ?? 0),
    graceMs: (countOf(podSpec, "terminationGracePeriodSeconds") ?? GRACE_S) * 1000,
    scaledBy: readScaler(member(object, "metadata")),
    failure: readFailure(member(object, "status")),
  };
}

/** What a scale subresource says. */
export type Scale = Pick<ScaledObject, "resourceVersion" | "wanted" | "present" | "selector">;

/** Reads `autoscaling/v1` Scale. */
export function readScale(scale: unknown): Scale {
  return {
    resourceVersion: textOf(member(scale, "metadata"), "resourceVersion") ?? "",
    wanted: countOf(member(scale, "spec"), "replicas") ?? 0,
    present: countOf(member(scale, "status"), "replicas") ?? 0,
    selector: parseSelector(textOf(member(scale, "status"), "selector")),
  };
}

/** Every manager of fields is written down by the API server; the last one that wrote `spec.replicas` has it. */
function readScaler(metadata: Json): string | undefined {
  const owner = listOf(metadata, "managedFields").find(
    (entry) => "f:replicas" in member(member(entry, "fieldsV1"), "f:spec"),
  );
  return textOf(owner, "manager");
}

/** A quota that is used up, or an admission plugin that refuses the pods. */
function readFailure(status: Json): string | undefined {
  const failed = listOf(status, "conditions").find(
    (condition) => condition["type"] === "ReplicaFailure" && condition["status"] === "True",
  );
  return failed === undefined ? undefined : (textOf(failed, "message") ?? "it does not say why");
}
