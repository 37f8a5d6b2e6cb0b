import { type Fields, isFields, memberIn, textIn } from "@microscaling/plugin-kit";
import type { ListWatchTarget } from "./list-watch.ts";
import type { Labels } from "./selector.ts";

/** The data of a pod that has not ended. */
export interface Pod {
  readonly labels: Labels;
  /** Asked to stop, and not gone yet. */
  readonly stopping: boolean;
}

/** Watches the pods of one namespace that have not ended. Requests only their metadata, which is a tenth of the whole object. */
export function podsIn(namespace: string): ListWatchTarget {
  return {
    path: `/api/v1/namespaces/${namespace}/pods`,
    group: "",
    resource: "pods",
    namespace,
    fieldSelector: "status.phase!=Succeeded,status.phase!=Failed",
    metadataOnly: true,
  };
}

/** Reads a pod's metadata. */
export function readPod(object: Fields): Pod {
  const metadata = memberIn(object, "metadata");
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(
    isFields(metadata["labels"]) ? metadata["labels"] : {},
  ))
    labels[name] = String(value);
  return { labels, stopping: textIn(metadata, "deletionTimestamp") !== undefined };
}
