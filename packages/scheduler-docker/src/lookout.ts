import {
  YOUNG_MS,
  type Clock,
  type Counts,
  type Logger,
  type SchedulerTask,
} from "@microscaling/core";

import { withDeadline, type Ask } from "./calls.ts";
import { createUndertaker } from "./ended.ts";
import type { ContainerEvent } from "./events.ts";
import { parseContainers, sortInstances, type Instances, type Listed } from "./instances.ts";
import { AGENT_LABEL, INSTANCE_LABEL, KNOCK_LABEL, TASK_LABEL } from "./labels.ts";
import type { Identity } from "./identity.ts";
import type { Ledger } from "./ledger.ts";
import type { Rivals } from "./rivals.ts";
import type { DockerWorkload } from "./workload.ts";

type Task = SchedulerTask<DockerWorkload>;

/** The instances of some tasks. */
export interface Look {
  /** The instances by task. Has an entry for each requested task. */
  readonly instances: ReadonlyMap<string, Instances>;
  /** The names of all containers in the list. */
  readonly names: ReadonlySet<string>;
}

/** Lists containers, and removes those that have ended. */
export interface Lookout {
  look(tasks: readonly Task[], signal: AbortSignal): Promise<Look>;
  /** The crashes in a task's counts, which a list does not show. */
  crashes(task: string): Pick<Counts, "crashed" | "lastCrash">;
  /** Handles an event from Docker. */
  handle(event: ContainerEvent): void;
  /** Records that the container will end on request, so that its end is not a crash. */
  expectEnd(id: string): void;
  /** Records that events were missed. Containers that ended meanwhile do not count as crashed. */
  loseTouch(): void;
}

/** The dependencies of {@link createLookout}. */
export interface LookoutContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ledger: Ledger;
  readonly identity: Identity;
  readonly rivals: Rivals;
  /** Aborts when the scheduler is closed. */
  readonly life: AbortSignal;
  readonly changed: () => void;
  /** Takes over work in the background. The work does not throw. */
  readonly goOn: (work: Promise<void>) => void;
}

/** How long the removal of an ended container may take, in milliseconds. */
const BURY_MS = 60_000;

/** Creates a lookout. */
export function createLookout(context: LookoutContext): Lookout {
  const { ask, clock, ledger, life, changed, identity, rivals } = context;
  const undertaker = createUndertaker(context);
  const known = new Map<string, Task>();
  /** Tasks that were listed since the start or since the connection was lost. Only for these is it known that an end is new. */
  const inTouch = new Set<string>();
  const expected = new Set<string>();
  /** By task: containers that something else created and did not start, and since when. */
  const waitingSince = new Map<string, ReadonlyMap<string, number>>();

  function bury(
    { name, workload }: Task,
    { Id: id, State: listedAs }: { readonly Id: string; readonly State?: string },
    byItself: boolean,
  ): void {
    const { removeVolumes } = workload;
    const ended = { id, task: name, removeVolumes, byItself, listedAs };
    context.goOn(
      withDeadline({ clock, life, ms: BURY_MS }, (late) => undertaker.bury(ended, late)),
    );
  }

  /** Removes containers that have ended, and containers that nothing will start any more. */
  function tidy(task: Task, { ended, leaving, waiting }: Instances): void {
    const { name } = task;
    if (rivals.isStandingBy()) return;
    for (const one of ended) bury(task, one, inTouch.has(name) && !expected.has(one.Id));
    // A failed removal looks like a removal in progress.
    for (const one of leaving) bury(task, one, false);
    const before = waitingSince.get(name);
    const since = new Map(waiting.map(({ Id }) => [Id, before?.get(Id) ?? clock.monotonic()]));
    waitingSince.set(name, since);
    for (const one of waiting) if (isAbandoned(one, since.get(one.Id))) bury(task, one, false);
  }

  /** Whether a created container will not be started: this agent's own start was interrupted, or its creator is gone or has had enough time. */
  function isAbandoned({ State, Labels }: Listed, since = clock.monotonic()): boolean {
    const isNobodys = identity.isOwn(Labels[INSTANCE_LABEL]) || rivals.isGone(Labels[AGENT_LABEL]);
    if (State === "created" && isNobodys) return true;
    return clock.monotonic() - since >= YOUNG_MS;
  }

  async function list(tasks: readonly Task[], signal: AbortSignal): Promise<unknown> {
    const [only, ...others] = tasks;
    const label =
      only === undefined || others.length > 0 ? TASK_LABEL : `${TASK_LABEL}=${only.name}`;
    const query = { all: true, filters: { label: [label] } };
    const question = {
      code: "ERR_SCHEDULER_REFUSED",
      doing: "list containers",
      quick: true,
    } as const;
    return ask(question, signal, (docker, abortSignal) =>
      docker.listContainers({ ...query, abortSignal }),
    );
  }

  async function look(tasks: readonly Task[], signal: AbortSignal): Promise<Look> {
    const { listed: all, changes } = await ledger
      .during(async () => parseContainers(await list(tasks, signal)))
      .catch((error: unknown) => {
        inTouch.clear();
        throw error;
      });
    rivals.note(all);
    const listed = all.filter(({ Labels }) => Labels[KNOCK_LABEL] === undefined);
    const names = listed.flatMap(({ Names }) => Names ?? []).map((name) => name.replace(/^\//, ""));
    const instances = sortInstances(
      tasks.map(({ name }) => name),
      listed,
      { changes, truth: (id, listedAs) => undertaker.truth(id, listedAs) },
    );
    const ids = new Set(listed.map(({ Id }) => Id));
    for (const task of tasks) {
      undertaker.keep(task.name, ids);
      const found = instances.get(task.name);
      if (found !== undefined) tidy(task, found);
      known.set(task.name, task);
      inTouch.add(task.name);
    }
    return { instances, names: new Set(names) };
  }

  /** This agent's own changes are reported when they are done. Until then, listing would only take time that Docker needs for them. */
  function handle(event: ContainerEvent): void {
    const { id, label, knock, action } = event;
    if (knock !== undefined) hearKnock(id, knock, action);
    else if (action === "create") return;
    else if (action === "kill") expected.add(id);
    else if (action === "die") die(event);
    else if (action === "destroy" && expected.delete(id)) return;
    else if (action === "start" && label !== undefined && ledger.isUnderWay("start", label)) return;
    else changed();
  }

  function hearKnock(id: string, from: string, action: string): void {
    if (action === "create") rivals.hear(id, from);
  }

  function die({ id, task: name }: ContainerEvent): void {
    if (ledger.isUnderWay("stop", id)) return;
    const task = known.get(name);
    // Docker reports an end before its own list shows it, so the container itself is inspected.
    undertaker.hear(id);
    if (task === undefined) changed();
    else bury(task, { Id: id }, !expected.has(id));
  }

  return {
    look,
    crashes: (task) => undertaker.crashes(task),
    handle,
    expectEnd: (id) => void expected.add(id),
    loseTouch: () => inTouch.clear(),
  };
}
