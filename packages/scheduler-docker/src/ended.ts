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

/** A container that has ended, or whose state in Docker's list may be wrong. */
export interface Ended {
  readonly id: string;
  readonly task: string;
  readonly removeVolumes: boolean;
  /** Whether it ended without being asked to, so that it crashed if it was young. */
  readonly byItself: boolean;
  /** Its state in Docker's list; `undefined` if it is not known from the list. */
  readonly listedAs: string | undefined;
}

/** The state of an inspected container: it runs, or it does not. */
export type Truth = "up" | "over";

/** Removes containers that have ended, and counts those that crashed. */
export interface Undertaker {
  /**
   * Inspects the container and removes it unless it runs. Never throws. A failure is logged, and a later call tries again, less and less often.
   */
  bury(ended: Ended, signal: AbortSignal): Promise<void>;
  /** Forgets what is known of the container, because Docker reported an event of it. */
  hear(id: string): void;
  /** The state of the inspected container while its state in the list was this; `undefined` if it was not inspected. */
  truth(id: string, listedAs: string): Truth | undefined;
  /** Forgets the task's containers that are no longer listed. */
  keep(task: string, listed: ReadonlySet<string>): void;
  /** The crashes in a task's counts. */
  crashes(task: string): Pick<Counts, "crashed" | "lastCrash">;
}

/** How long until a container is inspected again, in milliseconds: doubles from the first number to the last. */
const AGAIN_MS: readonly [number, number] = [1000, 30_000];

/** What is known about one container. */
interface Case {
  readonly task: string;
  busy: boolean;
  truth: Truth | undefined;
  listedAs: string | undefined;
  times: number;
  /** When to try next, by the monotonic clock. */
  nextAt: number;
  /** Whether its crash was counted. */
  counted: boolean;
  /** Whether the log says that it cannot be removed. */
  said: boolean;
}

/** The dependencies of {@link createUndertaker}. */
export interface UndertakerContext {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a crash was counted or the known state of a container has changed. */
  readonly changed: () => void;
}

/** Creates the part that removes ended containers. */
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
    // The container was started again, or the list is wrong.
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
    // The container or Docker is gone. The next list shows it.
    if (isGone(isOurs ? error.cause : error)) return changed();
    const isRefusal = isOurs && error.code !== "ERR_SCHEDULER_UNREACHABLE";
    const level = isRefusal && !one.said ? "warn" : "debug";
    one.said ||= isRefusal;
    const words = isOurs ? error.message : String(error);
    const message = `cannot remove a container of "${task}" that has ended (${words}); trying again`;
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

/** The longest line that is shown, in characters. */
const LONGEST_LINE = 200;

/** The last line that the instance wrote; empty if there is none or its log cannot be read. */
async function readLastLine(
  container: Docker.Container,
  abortSignal: AbortSignal,
): Promise<string> {
  const log: unknown = await container
    .logs({ stdout: true, stderr: true, tail: 1, follow: false, abortSignal })
    .catch(() => undefined);
  if (!Buffer.isBuffer(log)) return "";
  // A header of 8 bytes before each piece of output gives its length and stream.
  return stripControls(log.subarray(8).toString("utf8")).trim().slice(0, LONGEST_LINE);
}

const stripControls = (line: string): string => line.replaceAll(/\p{Cc}/gu, " ");

/** Whether `error` says that the container is gone or is being removed. */
export function isGone(error: unknown): boolean {
  const words = error instanceof Error ? error.message : "";
  return (
    statusOf(error) === 404 || (statusOf(error) === 409 && /removal .* in progress/.test(words))
  );
}

/** For `catch`: ignores that the container is gone, which was the aim. @throws `error` otherwise. */
export function unlessGone(error: unknown): void {
  if (!isGone(error)) throw error;
}
