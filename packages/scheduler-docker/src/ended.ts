import {
  isMicroscalingError,
  YOUNG_MS,
  type Clock,
  type Counts,
  type Logger,
} from "@microscaling/core";
import type Docker from "dockerode";

import type { Ask } from "./calls.ts";
import { statusOf } from "./errors.ts";

/** A container that has ended, or that Docker's list may be wrong about. */
export interface Ended {
  readonly id: string;
  readonly task: string;
  readonly removeVolumes: boolean;
  /** Nobody asked it to: if it was young it has crashed. */
  readonly byItself: boolean;
  /** As Docker's list calls it; `undefined` when it was heard of otherwise. */
  readonly listedAs: string | undefined;
}

/** What a container said when it was asked itself: it runs, or it does not. */
export type Truth = "up" | "over";

/** Takes away containers that ended, and keeps count of those that crashed. */
export interface Undertaker {
  /**
   * Asks the container itself and removes it unless it runs. Never throws; what fails is said, and done again at a later call, ever more
   * seldom.
   */
  bury(ended: Ended, signal: AbortSignal): Promise<void>;
  /** Docker told of the container: what is known of it is old. */
  hear(id: string): void;
  /** What the container said while the list called it this; `undefined` when it was not asked. */
  truth(id: string, listedAs: string): Truth | undefined;
  /** Forgets the task's containers that are listed no more. */
  keep(task: string, listed: ReadonlySet<string>): void;
  /** The part of a task's counts that this knows. */
  crashes(task: string): Pick<Counts, "crashed" | "lastCrash">;
}

/** How long until a container is asked again, in milliseconds: doubles from the first to the last. */
const AGAIN_MS: readonly [number, number] = [1000, 30_000];

/** What is known of one container. */
interface Case {
  readonly task: string;
  busy: boolean;
  truth: Truth | undefined;
  listedAs: string | undefined;
  times: number;
  /** By the monotonic clock. */
  nextAt: number;
  /** Its crash has been counted. */
  counted: boolean;
  /** It was said that it cannot be removed. */
  said: boolean;
}

/** What an undertaker needs. */
export interface UndertakerContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a crash has been counted, or a container is not what it was. */
  readonly changed: () => void;
}

/** Makes an undertaker that has seen nothing yet. */
export function createUndertaker({ ask, clock, logger, changed }: UndertakerContext): Undertaker {
  const crashes = new Map<string, { crashed: number; lastCrash: string }>();
  const cases = new Map<string, Case>();

  function open({ id, task }: Ended): Case {
    const known = cases.get(id);
    if (known !== undefined) return known;
    const fresh: Case = {
      task,
      busy: false,
      truth: undefined,
      listedAs: undefined,
      times: 0,
      nextAt: clock.monotonic(),
      counted: false,
      said: false,
    };
    cases.set(id, fresh);
    return fresh;
  }

  async function look(
    docker: Docker,
    one: Case,
    ended: Ended,
    signal: AbortSignal,
  ): Promise<Truth> {
    const container = docker.getContainer(ended.id);
    const { State: state } = await container.inspect({ abortSignal: signal });
    // Somebody started it again, or the list is wrong.
    if (state.Running || state.Restarting) return "up";
    const lived = Date.parse(state.FinishedAt) - Date.parse(state.StartedAt);
    if (!one.counted && ended.byItself && lived < YOUNG_MS) {
      one.counted = true;
      noteCrash(ended, describe(state, await readLastLine(container, signal)));
    }
    return "over";
  }

  function noteCrash({ id, task }: Ended, lastCrash: string): void {
    crashes.set(task, { crashed: (crashes.get(task)?.crashed ?? 0) + 1, lastCrash });
    const message = `an instance of "${task}" ended soon after its start: ${lastCrash}`;
    logger.warn(message, { task, container: id });
  }

  async function work(one: Case, ended: Ended, signal: AbortSignal): Promise<void> {
    const { id, task, listedAs, removeVolumes } = ended;
    const purpose = { code: "ERR_STOP_FAILED", doing: "look at an ended container", task } as const;
    const truth = await ask(purpose, signal, (docker) => look(docker, one, ended, signal));
    if (truth !== one.truth || listedAs !== one.listedAs) changed();
    Object.assign(one, { truth, listedAs });
    if (truth === "up") return;
    await ask({ ...purpose, doing: "remove it" }, signal, (docker) =>
      docker.getContainer(id).remove({ v: removeVolumes, abortSignal: signal }).catch(unlessGone),
    );
    changed();
  }

  function noteFailure(one: Case, { id, task }: Ended, error: unknown): void {
    const isOurs = isMicroscalingError(error);
    // Gone already, or Docker is: the list says so.
    if (isGone(isOurs ? error.cause : error)) return changed();
    const isRefusal = isOurs && error.code !== "ERR_SCHEDULER_UNREACHABLE";
    const level = isRefusal && !one.said ? "warn" : "debug";
    one.said ||= isRefusal;
    const words = isOurs ? error.message : String(error);
    const message = `a container of "${task}" that has ended cannot be removed (${words}); it is tried again`;
    logger[level](message, { task, container: id });
  }

  async function bury(ended: Ended, signal: AbortSignal): Promise<void> {
    const one = open(ended);
    if (one.busy || clock.monotonic() < one.nextAt) return;
    one.busy = true;
    const [first, last] = AGAIN_MS;
    one.nextAt = clock.monotonic() + Math.min(last, first * 2 ** one.times);
    one.times += 1;
    try {
      await work(one, ended, signal);
    } catch (error) {
      noteFailure(one, ended, error);
    } finally {
      one.busy = false;
    }
  }

  return {
    bury,
    hear(id) {
      const one = cases.get(id);
      if (one !== undefined) Object.assign(one, { nextAt: clock.monotonic(), times: 0 });
    },
    truth(id, listedAs) {
      const one = cases.get(id);
      return one?.listedAs === listedAs ? one.truth : undefined;
    },
    keep(task, listed) {
      for (const [id, one] of cases) {
        if (one.task === task && !one.busy && !listed.has(id)) cases.delete(id);
      }
    },
    crashes: (task) => crashes.get(task) ?? { crashed: 0 },
  };
}

function describe(state: Docker.ContainerInspectInfo["State"], lastLine: string): string {
  const how = state.OOMKilled
    ? `out of memory, exit code ${state.ExitCode}`
    : `exit code ${state.ExitCode}`;
  const why = lastLine === "" ? state.Error : lastLine;
  return why === "" ? how : `${how}: ${why}`;
}

/** Longer lines are cut. Characters. */
const LONGEST_LINE = 200;

/** The last line that the instance wrote; empty when there is none, or its log cannot be read. */
async function readLastLine(
  container: Docker.Container,
  abortSignal: AbortSignal,
): Promise<string> {
  const log: unknown = await container
    .logs({ stdout: true, stderr: true, tail: 1, follow: false, abortSignal })
    .catch(() => undefined);
  if (!Buffer.isBuffer(log)) return "";
  // Each piece of output comes behind 8 bytes that say how long it is, and from which stream.
  return stripControls(log.subarray(8).toString("utf8")).trim().slice(0, LONGEST_LINE);
}

const stripControls = (line: string): string => line.replaceAll(/\p{Cc}/gu, " ");

/** Whether `error` says that the container is gone, or that somebody is just removing it. */
export function isGone(error: unknown): boolean {
  const words = error instanceof Error ? error.message : "";
  return (
    statusOf(error) === 404 || (statusOf(error) === 409 && /removal .* in progress/.test(words))
  );
}

/** For `catch`: that it is gone is what was wanted. @throws `error` otherwise. */
export function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}
