import { type Fields, countIn, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";
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
export function readScaledObject(object: Fields): ScaledObject {
  const { spec, status, metadata } = object;
  const podSpec = memberIn(memberIn(spec, "template"), "spec");
  return {
    resourceVersion: textIn(metadata, "resourceVersion") ?? "",
    // The API server fills in 1 where nothing was written.
    wanted: countIn(spec, "replicas") ?? 1,
    present: countIn(status, "replicas") ?? 0,
    ready: countIn(status, "readyReplicas"),
    selector: parseSelector(memberIn(spec, "selector")),
    settled:
      (countIn(status, "observedGeneration") ?? Infinity) >= (countIn(metadata, "generation") ?? 0),
    graceMs: (countIn(podSpec, "terminationGracePeriodSeconds") ?? GRACE_S) * 1000,
    scaledBy: readScaler(memberIn(object, "metadata")),
    failure: readFailure(memberIn(object, "status")),
  };
}

/** What a scale subresource says. */
export type Scale = Pick<ScaledObject, "resourceVersion" | "wanted" | "present" | "selector">;

/** Reads `autoscaling/v1` Scale. */
export function readScale(scale: unknown): Scale {
  return {
    resourceVersion: textIn(memberIn(scale, "metadata"), "resourceVersion") ?? "",
    wanted: countIn(memberIn(scale, "spec"), "replicas") ?? 0,
    present: countIn(memberIn(scale, "status"), "replicas") ?? 0,
    selector: parseSelector(textIn(memberIn(scale, "status"), "selector")),
  };
}

/** Every manager of fields is written down by the API server; the last one that wrote `spec.replicas` has it. */
function readScaler(metadata: Fields): string | undefined {
  const owner = objectsIn(metadata, "managedFields").find(
    (entry) => "f:replicas" in memberIn(memberIn(entry, "fieldsV1"), "f:spec"),
  );
  return textIn(owner, "manager");
}

/** A quota that is used up, or an admission plugin that refuses the pods. */
function readFailure(status: Fields): string | undefined {
  const failed = objectsIn(status, "conditions").find(
    (condition) => condition["type"] === "ReplicaFailure" && condition["status"] === "True",
  );
  return failed === undefined ? undefined : (textIn(failed, "message") ?? "no reason given");
}
