import { MicroscalingError, type Counts } from "@microscaling/core";
import { z } from "zod";

import { INSTANCE_LABEL, TASK_LABEL } from "./labels.ts";
import type { Truth } from "./ended.ts";
import type { Change } from "./ledger.ts";

/** The instances of one task. */
export interface Instances {
  /** Containers that are up, including paused ones, and were not asked to stop. */
  readonly running: Listed[];
  /** The number of further containers that came up while Docker made its list. */
  readonly unlisted: number;
  /** Containers that something else created and did not start yet, or whose start was interrupted, or that Docker keeps restarting. */
  readonly waiting: Listed[];
  /** The number of containers that this agent is starting. */
  readonly starting: number;
  readonly stopping: number;
  /** Those of {@link Instances.stopping} that Docker removes without a request of this agent. */
  readonly leaving: Listed[];
  /** Containers that have ended and were not removed yet. They no longer run and do not count. */
  readonly ended: Listed[];
}

/** The parts of a container in Docker's list that are used here. */
export interface Listed {
  readonly Id: string;
  readonly State: string;
  readonly Status: string;
  /** Seconds since the epoch, by Docker's clock. */
  readonly Created: number;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Names?: readonly string[] | null | undefined;
}

const listSchema: z.ZodType<Listed[]> = z.array(
  z.object({
    Id: z.string(),
    State: z.string(),
    Status: z.string(),
    Created: z.number(),
    Labels: z.record(z.string(), z.string()),
    // Docker sends null while it removes a container.
    Names: z.array(z.string()).nullish(),
  }),
);

/** Checks that Docker's answer is a list of containers. */
export function parseContainers(listed: unknown): readonly Listed[] {
  const { data } = listSchema.safeParse(listed);
  if (data !== undefined) return data;
  throw new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    "expected a list of containers from Docker, found something else; check that scheduler.host is the address of a Docker Engine",
  );
}

/** What is known about the containers besides the list. */
export interface Known {
  /** The changes that the list may not show yet. */
  readonly changes: readonly Change[];
  /** The state of the inspected container while its state in the list was this. */
  readonly truth: (id: string, listedAs: string) => Truth | undefined;
}

/** Groups the listed containers, and the changes that the list does not show, by task. */
export function sortInstances(
  tasks: readonly string[],
  listed: readonly Listed[],
  { changes, truth }: Known,
): ReadonlyMap<string, Instances> {
  const stops = new Map(
    changes.filter(({ kind }) => kind === "stop").map((change) => [change.key, change]),
  );
  const starts = new Map(
    changes.filter(({ kind }) => kind === "start").map((change) => [change.key, change]),
  );
  const sorted = new Map(tasks.map((task) => [task, empty()]));
  for (const container of listed) {
    const instances = sorted.get(container.Labels[TASK_LABEL] ?? "");
    const label = container.Labels[INSTANCE_LABEL] ?? "";
    const start = starts.get(label);
    starts.delete(label);
    const stop = stops.get(container.Id);
    const said = truth(container.Id, container.State);
    if (instances !== undefined) place(container, instances, { start, stop, said });
  }
  for (const { task, outcome } of starts.values()) {
    const instances = sorted.get(task);
    if (outcome === "gone" || instances === undefined) continue;
    if (outcome === "in progress") instances.starting++;
    else instances.unlisted++;
  }
  return sorted;
}

type Filling = { -readonly [Key in keyof Instances]: Instances[Key] };
const empty = (): Filling => ({
  running: [],
  unlisted: 0,
  waiting: [],
  starting: 0,
  stopping: 0,
  leaving: [],
  ended: [],
});

interface About {
  readonly start: Change | undefined;
  readonly stop: Change | undefined;
  readonly said: Truth | undefined;
}

function place(container: Listed, instances: Filling, { start, stop, said }: About): void {
  if (start?.outcome === "gone" || stop?.outcome === "gone") return;
  const { State: state } = container;
  const over = state === "exited" || state === "dead" || said === "over";
  if (stop !== undefined) {
    if (!over) instances.stopping++;
  } else if (over) instances.ended.push(container);
  else if (state === "removing") {
    instances.stopping++;
    instances.leaving.push(container);
  } else if (isUp(state) || start?.outcome === "up" || (said === "up" && state === "created"))
    instances.running.push(container);
  else if (start !== undefined) instances.starting++;
  else instances.waiting.push(container);
}

const isUp = (state: string): boolean => state === "running" || state === "paused";

/** Before API 1.52, Docker reports health only as text. */
const isUnhealthy = ({ Status }: Listed): boolean => Status.includes("(unhealthy)");

/** Counts these instances. */
export function countInstances(instances: Instances): Counts {
  const running = instances.running.length + instances.unlisted;
  const starting = instances.starting + instances.waiting.length;
  const { stopping } = instances;
  const unhealthy = instances.running.filter(isUnhealthy).length;
  return { running, starting, stopping, requested: running + starting, unhealthy };
}

/** The running instances in the order in which they may be stopped. */
export function orderVictims(running: readonly Listed[], first: "newest" | "oldest"): Listed[] {
  const sign = first === "newest" ? -1 : 1;
  return running.toSorted(
    (a, b) => Number(isUnhealthy(b)) - Number(isUnhealthy(a)) || sign * compareAge(a, b),
  );
}

/** Docker lists the time of creation in whole seconds. Within a second, our own label has the order. */
function compareAge(a: Listed, b: Listed): number {
  const labels = [a, b].map(({ Labels }) => Labels[INSTANCE_LABEL] ?? "");
  return a.Created - b.Created || (labels[0] ?? "").localeCompare(labels[1] ?? "");
}
