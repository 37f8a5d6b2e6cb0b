import type { Clock, Logger } from "@microscaling/core";
import { type Fields, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import { failureOf } from "./errors.ts";
import type { Connection } from "./connection.ts";
import type { ScaledObject } from "./scaled-object.ts";
import { FIELD_MANAGER } from "./scaling.ts";
import type { Target } from "./targets.ts";

/** Something else that scales objects of a namespace. */
export interface Rival {
  /** `HorizontalPodAutoscaler default/mail` */
  readonly label: string;
  /** What it scales. */
  readonly kind: string;
  readonly name: string;
}

/** The autoscalers of one namespace, as far as the agent may see them. */
export interface Rivals {
  readonly found: readonly Rival[];
  /** Resources that the agent may not list. */
  readonly hidden: readonly string[];
}

interface Autoscalers {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

const AUTOSCALERS: readonly Autoscalers[] = [
  {
    group: "autoscaling",
    version: "v2",
    plural: "horizontalpodautoscalers",
    kind: "HorizontalPodAutoscaler",
  },
  { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects", kind: "ScaledObject" },
];

/** Lists the autoscalers of a namespace. Kinds that the cluster does not have are skipped. Kinds that may not be listed are `hidden`. */
export async function listRivals(
  connection: Pick<Connection, "ask">,
  namespace: string,
  signal: AbortSignal,
): Promise<Rivals> {
  const found: Rival[] = [];
  const hidden: string[] = [];
  for (const { group, version, plural, kind } of AUTOSCALERS) {
    const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
    const doing = `list ${plural} in namespace ${namespace}`;
    try {
      const items = objectsIn(await connection.ask({ doing, path }, signal), "items");
      found.push(...items.flatMap((item) => readRival(item, kind, namespace)));
    } catch (error) {
      const status = failureOf(error)?.status;
      if (status === 403) hidden.push(`${plural}.${group}`);
      else if (status !== 404) throw error;
    }
  }
  return { found, hidden };
}

function readRival(item: Fields, kind: string, namespace: string): readonly Rival[] {
  const metadata = memberIn(item, "metadata");
  // An autoscaler that a ScaledObject created is not reported in addition.
  if (objectsIn(metadata, "ownerReferences").some((one) => one["kind"] === "ScaledObject"))
    return [];
  const aim = memberIn(memberIn(item, "spec"), "scaleTargetRef");
  const label = `${kind} ${namespace}/${textIn(metadata, "name") ?? "?"}`;
  return [{ label, kind: textIn(aim, "kind") ?? "Deployment", name: textIn(aim, "name") ?? "" }];
}

/** The autoscalers that scale the object of a target. */
export function rivalsOf(target: Target, { found }: Rivals): readonly Rival[] {
  return found.filter(({ kind, name }) => kind === target.resource.kind && name === target.name);
}

/** Detects and reports that something else scales the same objects. */
export interface RivalWatch {
  /** Looks for autoscalers of the object. Never throws, because an agent may not have the permission to see them. */
  look(target: Target, signal: AbortSignal): Promise<void>;
  /** Records that something else has set another number of replicas than the agent. */
  overruled(target: Target, now: ScaledObject): void;
}

/** How long the knowledge about a namespace is valid, in milliseconds. */
const LOOK_MS = 60_000;
/** If something else sets another number this often, … */
const OVERRULED_TIMES = 3;
/** … within this time, in milliseconds, it is a rival and not a person who helped once. That is logged once in this time. */
const OVERRULED_MS = 600_000;

/** Creates a watch that knows no rival yet. */
export function createRivalWatch(context: {
  readonly connection: Pick<Connection, "ask">;
  readonly clock: Clock;
  readonly logger: Logger;
}): RivalWatch {
  const { connection, clock, logger } = context;
  const looks = new Map<string, { readonly at: number; readonly rivals: Promise<Rivals> }>();
  const said = new Set<string>();
  const times = new Map<string, readonly number[]>();
  const quietUntil = new Map<string, number>();

  function listed(namespace: string, signal: AbortSignal): Promise<Rivals> {
    const known = looks.get(namespace);
    if (known !== undefined && clock.monotonic() - known.at < LOOK_MS) return known.rivals;
    const rivals = listRivals(connection, namespace, signal);
    rivals.catch(() => looks.delete(namespace));
    looks.set(namespace, { at: clock.monotonic(), rivals });
    return rivals;
  }

  return {
    async look(target, signal) {
      const rivals = await listed(target.namespace, signal).catch(() => undefined);
      if (rivals === undefined) return;
      for (const { label } of rivalsOf(target, rivals)) {
        if (said.has(`${target.key} ${label}`)) continue;
        said.add(`${target.key} ${label}`);
        logger.warn(
          `${label} also scales ${target.label}, so the two change it back and forth; ${RIVAL_ADVICE}`,
          { task: target.task },
        );
      }
    },
    overruled(target, now) {
      const since = clock.monotonic() - OVERRULED_MS;
      const recent = [
        ...(times.get(target.key) ?? []).filter((at) => at > since),
        clock.monotonic(),
      ];
      times.set(target.key, recent);
      if (recent.length < OVERRULED_TIMES || clock.monotonic() < (quietUntil.get(target.key) ?? 0))
        return;
      quietUntil.set(target.key, clock.monotonic() + OVERRULED_MS);
      logger.warn(
        `${nameOf(now.scaledBy)} has set ${target.label} to another number of replicas ${OVERRULED_TIMES} times, the last time to ${now.wanted}, so the two change it back and forth; stop the other one, or remove the task from the config`,
        { task: target.task },
      );
    },
  };
}

/** What to do about an autoscaler on the same object. */
export const RIVAL_ADVICE = "delete the autoscaler, or remove the task from the config";

function nameOf(manager: string | undefined): string {
  if (manager === FIELD_MANAGER) return "another Microscaling agent";
  return manager === undefined ? "an unknown client" : `"${manager}"`;
}
