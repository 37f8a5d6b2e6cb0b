import {
  asMicroscalingError,
  MicroscalingError,
  untilAborted,
  type Amounts,
  type Counts,
  type Outcome,
  type PluginContext,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";
import pLimit from "p-limit";
import { z } from "zod";

import { createAsk, withDeadline } from "./calls.ts";
import { checkTask } from "./doctor.ts";
import { createConnection } from "./connection.ts";
import { readEnvFile } from "./env-file.ts";
import { followEvents } from "./events.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { prepareImage } from "./images.ts";
import { countInstances, orderVictims, type Instances } from "./instances.ts";
import { createLedger } from "./ledger.ts";
import { createLookout } from "./lookout.ts";
import type { DockerOptions } from "./options.ts";
import { pingAgainAndAgain } from "./ping.ts";
import { createRivals } from "./rivals.ts";
import { startInstances } from "./starts.ts";
import { stopInstance } from "./stops.ts";
import type { DockerWorkload } from "./workload.ts";

type Task = SchedulerTask<DockerWorkload>;

/** How long `close` waits for work in progress, in milliseconds. */
const CLOSE_MS = 1000;

/** Creates a scheduler for one Docker Engine. Does no I/O. @param identity the identity of the agent, for tests that need two agents. */
export function createScheduler(
  options: DockerOptions,
  { clock, logger }: PluginContext,
  identity: Identity = createIdentity(() => clock.now()),
): Scheduler<DockerWorkload> {
  const connection = createConnection(options);
  const ask = createAsk(connection, { clock, logger });
  const ledger = createLedger();
  const closed = new AbortController();
  const life = closed.signal;
  const startLimit = pLimit(options.concurrency);
  // Most of a stop is waiting for the grace period, which costs Docker nothing.
  const stopLimit = pLimit(options.concurrency * 4);
  const background = new Set<Promise<void>>();
  let events: SchedulerEvents | undefined;

  const changed = (): void => events?.changed();
  function failed(task: string, error: MicroscalingError): void {
    if (events === undefined) logger.warn(error.message, { task });
    else events.failed(task, error);
  }
  function goOn(work: Promise<void>): void {
    background.add(work);
    void work.finally(() => background.delete(work));
  }

  const shared = { ask, clock, logger, ledger, life, changed, identity };
  const rivals = createRivals({ ...shared, agent: identity.agent, goOn });
  const lookout = createLookout({ ...shared, rivals, goOn });
  const startContext = { ...shared, limit: startLimit };
  const stopContext = { ...shared, limit: stopLimit, removeLimit: pLimit(1), failed };

  async function prepare(task: Task, signal: AbortSignal): Promise<void> {
    const { envFile } = task.workload;
    if (envFile !== undefined) await untilAborted(signal, readEnvFile(envFile, task.name));
    await prepareImage(ask, task, signal);
    // Before there is anything to do, so that other agents notice this one.
    await rivals.claim(task, signal);
  }

  async function observe(
    tasks: readonly Task[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts>> {
    const { instances } = await lookout.look(tasks, signal);
    return new Map(
      [...instances].map(([task, found]) => [
        task,
        { ...countInstances(found), ...lookout.crashes(task) },
      ]),
    );
  }

  async function scale(task: Task, instances: number, signal: AbortSignal): Promise<Outcome> {
    let look = await lookout.look([task], signal);
    const claim = await rivals.claim(task, signal);
    if (claim === "standing by") {
      const reason = "another agent scales the same tasks on this engine; this agent stands by";
      return { status: "busy", reason };
    }
    if (claim === "after a while") look = await lookout.look([task], signal);
    const found = look.instances.get(task.name);
    if (found === undefined) return { status: "accepted" };
    const more = instances - countInstances(found).requested;
    if (more > 0) return start(task, more, look.names, signal);
    return more < 0 ? stop(task, -more, found) : { status: "accepted" };
  }

  async function start(
    task: Task,
    count: number,
    taken: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    try {
      await startInstances(startContext, { task, count, taken }, signal);
      return { status: "accepted" };
    } catch (error) {
      signal.throwIfAborted();
      const failure = asMicroscalingError(error, "ERR_START_FAILED", `task "${task.name}"`);
      return { status: "failed", error: failure };
    }
  }

  function stop(task: Task, count: number, found: Instances): Outcome {
    // It is not known yet which starting instances come up, so it is not known which to stop.
    const busy: Outcome = { status: "busy", reason: "instances are still starting" };
    if (found.starting > 0) return busy;
    const running = orderVictims(found.running, task.workload.victims);
    const victims = [...found.waiting, ...running].slice(0, count);
    for (const { Id } of victims) {
      lookout.expectEnd(Id);
      goOn(stopInstance(stopContext, task, Id));
    }
    return victims.length < count ? busy : { status: "accepted" };
  }

  async function watch(listener: SchedulerEvents, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, life, over.signal]);
    const following = [followEvents(ask, listener, (event) => lookout.handle(event), either)];
    // A stream of events may be silent for days, and looks like a dead one. The ping tells the difference.
    if (connection.isCheap) following.push(pingAgainAndAgain(ask, clock, either));
    events = listener;
    try {
      await Promise.race(following);
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      over.abort();
      await Promise.allSettled(following);
      if (events === listener) events = undefined;
      lookout.loseTouch();
    }
  }

  async function capacity(signal: AbortSignal): Promise<Amounts> {
    const question = {
      code: "ERR_SCHEDULER_REFUSED",
      doing: "report its CPUs and memory",
      quick: true,
    } as const;
    return parseCapacity(await ask(question, signal, (docker) => docker.info()));
  }

  async function letGo(): Promise<void> {
    await withDeadline({ clock, life, ms: CLOSE_MS }, (late) =>
      untilAborted(late, Promise.allSettled(background)),
    ).catch(() => {});
    closed.abort(new Error("the scheduler is closed"));
  }
  let closing: Promise<void> | undefined;

  return {
    prepare,
    observe,
    scale,
    watch,
    capacity,
    check: (task, signal) => checkTask(ask, task, signal),
    close: () => (closing ??= letGo()),
  };
}

const infoSchema = z.object({ NCPU: z.number(), MemTotal: z.number() });

function parseCapacity(info: unknown): Amounts {
  const { data } = infoSchema.safeParse(info);
  if (data !== undefined) return { cpu: data.NCPU, memory: data.MemTotal };
  throw new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    "expected CPUs and memory from Docker, found something else; check that scheduler.host is the address of a Docker Engine",
  );
}
