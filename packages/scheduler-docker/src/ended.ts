import { YOUNG_MS, type Counts, type Logger } from "@microscaling/core";
import type Docker from "dockerode";

import type { Ask } from "./calls.ts";
import { statusOf } from "./docker-errors.ts";

/** A container that ended. */
export interface Ended {
  readonly id: string;
  readonly task: string;
  readonly removeVolumes: boolean;
  /** Nobody asked it to: if it was young it has crashed. */
  readonly byItself: boolean;
}

/** Takes away containers that ended, and keeps count of those that crashed. */
export interface Undertaker {
  /** Looks why it ended and removes it. Never throws; when it fails, the next list shows the container again. */
  bury(ended: Ended, signal: AbortSignal): Promise<void>;
  /** The part of a task's counts that this knows. */
  crashes(task: string): Pick<Counts, "crashed" | "lastCrash">;
}

/** @param changed called when a crash has been counted. */
export function createUndertaker(ask: Ask, logger: Logger, changed: () => void): Undertaker {
  const crashes = new Map<string, { crashed: number; lastCrash: string }>();
  const busy = new Set<string>();

  async function look(
    docker: Docker,
    { id, task, byItself }: Ended,
    abortSignal: AbortSignal,
  ): Promise<boolean> {
    const container = docker.getContainer(id);
    const { State: state } = await container.inspect({ abortSignal });
    // Somebody started it again.
    if (state.Running || state.Restarting) return false;
    const lived = Date.parse(state.FinishedAt) - Date.parse(state.StartedAt);
    if (!byItself || !(lived < YOUNG_MS)) return true;
    const lastCrash = describe(state, await readLastLine(container, abortSignal));
    crashes.set(task, { crashed: (crashes.get(task)?.crashed ?? 0) + 1, lastCrash });
    logger.warn(`an instance of "${task}" ended soon after its start: ${lastCrash}`, {
      task,
      container: id,
    });
    return true;
  }

  async function bury(ended: Ended, signal: AbortSignal): Promise<void> {
    const { id, task } = ended;
    if (busy.has(id)) return;
    busy.add(id);
    try {
      const purpose = {
        code: "ERR_STOP_FAILED",
        doing: "remove an ended container",
        task,
      } as const;
      await ask(purpose, signal, async (docker) => {
        if (!(await look(docker, ended, signal))) return;
        changed();
        await docker.getContainer(id).remove({ v: ended.removeVolumes, abortSignal: signal });
      });
    } catch (error) {
      logger.debug(`a container that ended could not be removed yet`, {
        task,
        container: id,
        error,
      });
    } finally {
      busy.delete(id);
      changed();
    }
  }

  return { bury, crashes: (task) => crashes.get(task) ?? { crashed: 0 } };
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
