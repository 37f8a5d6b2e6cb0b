import {
  isMicroscalingError,
  untilAborted,
  withTimeLimit,
  type Clock,
  type Logger,
  type SchedulerTask,
} from "@microscaling/core";

import type { Ask } from "./calls.ts";
import { statusOf } from "./errors.ts";
import { isGone } from "./ended.ts";
import { startOf } from "./identity.ts";
import type { Listed } from "./instances.ts";
import { AGENT_LABEL, KNOCK_LABEL, TASK_LABEL } from "./labels.ts";
import type { DockerWorkload } from "./workload.ts";

type Task = SchedulerTask<DockerWorkload>;

/**
 * Keeps two agents from scaling the same tasks on one engine. The label of each container says which agent created it. An agent that finds
 * containers of another agent does not know whether that agent still runs. So before it changes anything, it *knocks*: it creates a container that
 * is never started. An agent that still runs answers by removing it. If there is no answer, the other agent is gone, and its containers are adopted.
 *
 *     new ──another's containers? no, or no answer──▶ in charge ──an agent that started earlier creates containers──▶ new
 *      └──── answered ──▶ standing by ── some seconds later ──▶ new
 */
export interface Rivals {
  /** Takes in Docker's list, including knocks. */
  note(listed: readonly Listed[]): void;
  /** Handles a new knock that Docker reports. */
  hear(id: string, from: string): void;
  /** Whether another agent scales the tasks, so that this one changes nothing. */
  isStandingBy(): boolean;
  /** Whether the agent of this label is known to be gone, so that it will start nothing that it created. */
  isGone(maker: string | undefined): boolean;
  /** Finds out whether this agent may start and stop instances. @throws if Docker cannot be asked. */
  claim(task: Task, signal: AbortSignal): Promise<Claim>;
}

/** The result of a claim. Counts from before a claim that took time are old. */
export type Claim = "at once" | "after a while" | "standing by";

/** The dependencies of {@link createRivals}. */
export interface RivalsContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The label of this agent. */
  readonly agent: string;
  /** Aborts when the scheduler is closed. */
  readonly life: AbortSignal;
  readonly changed: () => void;
  readonly goOn: (work: Promise<void>) => void;
}

/** How long a running agent has to answer, in milliseconds. Docker reports the knock to it at once. */
const ANSWER_MS = 1000;
const LOOK_MS = 100;
/** How long an agent stands by before it knocks again, in milliseconds. */
const STANDBY_MS = 5000;
/** How long Docker may take to create or remove a knock, in milliseconds. */
const DOCKER_MS = 10_000;

const ADVICE = "Stop one of the agents, or give their tasks different names";
const PURPOSE = { code: "ERR_SCHEDULER_REFUSED", doing: "ask for another agent" } as const;

/** Creates the state of an agent that has seen no other. */
export function createRivals(context: RivalsContext): Rivals {
  const { ask, clock, logger, agent, life, changed, goOn } = context;
  let phase: "new" | "in charge" | "standing by" = "new";
  let standsByUntil = 0;
  let claiming: Promise<void> | undefined;
  /** The agents whose containers exist. */
  let seen: ReadonlySet<string> = new Set();
  /** Those of them that are known to be gone. */
  let gone: ReadonlySet<string> = new Set();
  const told = new Set<string>();
  let saidStandby = false;

  function note(listed: readonly Listed[]): void {
    const instances = listed.filter(({ Labels }) => Labels[KNOCK_LABEL] === undefined);
    const makers = instances.flatMap(({ Labels }) => Labels[AGENT_LABEL] ?? []);
    seen = new Set([...seen, ...makers.filter((maker) => maker !== agent)]);
    for (const { Id, Labels } of listed) {
      const from = Labels[KNOCK_LABEL];
      // The agent that asked may have been killed since. Then there is nothing to report.
      if (from !== undefined && isToAnswer(from)) goOn(answer(Id));
    }
    const risen = strangers();
    if (phase !== "in charge" || risen.length === 0) return;
    // Of two running agents, the one that started first continues.
    if (risen.some((maker) => maker < agent)) phase = "new";
    else risen.forEach(tellOf);
  }

  const strangers = (): string[] => [...seen].filter((maker) => !gone.has(maker));

  function tellOf(other: string): void {
    if (told.has(other)) return;
    told.add(other);
    logger.warn(
      `another agent, started ${startOf(other)}, is configured to scale the same tasks on this engine; this agent continues and the other stands by. ${ADVICE}`,
    );
  }

  function hear(id: string, from: string): void {
    if (!isToAnswer(from)) return;
    tellOf(from);
    goOn(answer(id));
  }

  function isToAnswer(from: string): boolean {
    if (from === agent || phase === "standing by") return false;
    // An agent that has not asked yet may never act. Of two agents that ask at the same time, the one that started first answers.
    return phase === "in charge" || (claiming !== undefined && from > agent);
  }

  async function answer(id: string): Promise<void> {
    await remove(id);
  }

  /** @returns whether the container existed. Never throws. */
  async function remove(id: string): Promise<boolean> {
    const options = { force: true, v: true };
    try {
      await within(DOCKER_MS, (late) =>
        ask(PURPOSE, late, (docker, abortSignal) =>
          docker.getContainer(id).remove({ ...options, abortSignal }),
        ),
      );
      return true;
    } catch (error) {
      return !(isMicroscalingError(error) && isGone(error.cause));
    }
  }

  function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new Error(`no answer within ${ms} ms`);
    return withTimeLimit({ clock, ms, signal: life, late }, work);
  }

  /** @returns the id of the knock; `undefined` if Docker refuses it. */
  async function knock({ name, workload }: Task): Promise<string | undefined> {
    const labels = { [TASK_LABEL]: name, [KNOCK_LABEL]: agent, [AGENT_LABEL]: agent };
    const spec = { Image: workload.image, Cmd: ["never", "started"], Labels: labels };
    const body = { _query: {}, _body: spec };
    try {
      return await within(DOCKER_MS, (late) =>
        ask(PURPOSE, late, async (docker, abortSignal) => {
          const container = await docker.createContainer({ ...body, abortSignal });
          return container.id;
        }),
      );
    } catch (error) {
      if (isMicroscalingError(error) && statusOf(error.cause) !== undefined) return undefined;
      throw error;
    }
  }

  async function isAnswered(id: string): Promise<boolean> {
    for (const end = clock.monotonic() + ANSWER_MS; clock.monotonic() < end;) {
      await clock.sleep(LOOK_MS, life);
      const isThere = await ask(PURPOSE, life, async (docker) => {
        try {
          await docker.getContainer(id).inspect();
          return true;
        } catch (error) {
          if (statusOf(error) === 404) return false;
          throw error;
        }
      });
      if (!isThere) return true;
    }
    return !(await remove(id));
  }

  async function find(task: Task): Promise<void> {
    const before = seen;
    const others = strangers();
    if (others.length > 0) {
      const id = await knock(task);
      if (id !== undefined && (await isAnswered(id))) return standBy(others);
    }
    if (saidStandby) logger.info("the other agent is gone; this agent now scales the tasks");
    saidStandby = false;
    gone = before;
    phase = "in charge";
    // What the others half made can be removed now.
    if (others.length > 0) changed();
  }

  function standBy(others: readonly string[]): void {
    phase = "standing by";
    standsByUntil = clock.monotonic() + STANDBY_MS;
    if (saidStandby) return;
    saidStandby = true;
    const when = others.map(startOf).toSorted().join(" or ");
    logger.warn(
      `another agent, started ${when}, scales the same tasks on this engine; this agent stands by. ${ADVICE}`,
    );
  }

  async function claim(task: Task, signal: AbortSignal): Promise<Claim> {
    if (phase === "in charge") return "at once";
    if (phase === "standing by" && clock.monotonic() < standsByUntil) return phase;
    const hadToAsk = strangers().length > 0;
    phase = "new";
    claiming ??= find(task).finally(() => (claiming = undefined));
    await untilAborted(signal, claiming);
    if (isStandingBy()) return "standing by";
    return hadToAsk ? "after a while" : "at once";
  }

  const isStandingBy = (): boolean => phase === "standing by";

  return {
    note,
    hear,
    isStandingBy,
    isGone: (maker) => phase === "in charge" && maker !== undefined && gone.has(maker),
    claim,
  };
}
