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

/** What there is of some tasks. */
export interface Look {
  /** By task. Each task that was asked for is there. */
  readonly instances: ReadonlyMap<string, Instances>;
  /** The names of all containers that were seen. */
  readonly names: ReadonlySet<string>;
}

/** Looks what there is, and has taken away what is left of instances that ended. */
export interface Lookout {
  look(tasks: readonly Task[], signal: AbortSignal): Promise<Look>;
  /** The part of a task's counts that a look does not show. */
  crashes(task: string): Pick<Counts, "crashed" | "lastCrash">;
  /** What Docker tells by itself. */
  handle(event: ContainerEvent): void;
  /** The container will end because it was asked to, so it does not crash. */
  expectEnd(id: string): void;
  /** Events were missed: what ended meanwhile has not crashed, as far as anybody knows. */
  loseTouch(): void;
}

/** What a lookout needs. */
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
  /** Takes work that nobody waits for. It does not throw. */
  readonly goOn: (work: Promise<void>) => void;
}

/** Removing what ended may take Docker so long, in milliseconds. */
const BURY_MS = 60_000;

/** Makes a lookout that has seen nothing yet. */
export function createLookout(context: LookoutContext): Lookout {
  const { ask, clock, ledger, life, changed, identity, rivals } = context;
  const undertaker = createUndertaker(context);
  const known = new Map<string, Task>();
  /** Tasks that were looked at since the start, or since touch was lost: only of those it is known that an end is new. */
  const inTouch = new Set<string>();
  const expected = new Set<string>();
  /** By task: containers that wait to be started by nobody here, and since when. */
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

  /** Takes away what ended, and what nobody will start any more. */
  function tidy(task: Task, { ended, leaving, waiting }: Instances): void {
    const { name } = task;
    if (rivals.isStandingBy()) return;
    for (const one of ended) bury(task, one, inTouch.has(name) && !expected.has(one.Id));
    // A removal that failed looks like one that is under way.
    for (const one of leaving) bury(task, one, false);
    const before = waitingSince.get(name);
    const since = new Map(waiting.map(({ Id }) => [Id, before?.get(Id) ?? clock.monotonic()]));
    waitingSince.set(name, since);
    for (const one of waiting) if (isAbandoned(one, since.get(one.Id))) bury(task, one, false);
  }

  /** It was created and will not be started: this agent's own start was broken off, or whoever created it is gone or has had the time. */
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

  /** What is done here tells of itself once it is done: each look costs Docker time that it needs for that. */
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
    // Docker tells of an end before its own list shows it, so the container itself is asked.
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
