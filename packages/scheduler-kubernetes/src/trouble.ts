import { MicroscalingError, type Clock, type Counts, type Logger } from "@microscaling/core";
import { type Fields, countIn, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import type { Connection } from "./connection.ts";
import type { Selector } from "./selector.ts";
import type { Target } from "./targets.ts";

/** Finds out why pods do not become ready. The watch gets only the metadata of pods, so this requests the pods of a task with problems. */
export interface Trouble {
  /**
   * Records counts. If some pods have not become ready for a while, looks at them in the background.
   * @returns the members to add to the counts.
   */
  saw(
    target: Target,
    counts: Counts,
    selector: Selector | undefined,
  ): Pick<Counts, "crashed" | "lastCrash">;
}

/** What this needs, and what it calls with the results. */
export interface TroubleContext {
  readonly connection: Pick<Connection, "ask">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly life: AbortSignal;
  readonly changed: () => void;
  readonly failed: (target: Target, error: MicroscalingError) => void;
}

/** Pods that have not become ready within this time, in milliseconds, are looked at. … */
export const LOOK_MS = 2000;
/** … While nothing is wrong with them, the interval grows up to this. */
export const MOST_LOOK_MS = 30_000;
/** The largest number of pods in one request. */
const MOST_PODS = 50;

interface Seen {
  target: Target;
  /** Whether some of the task's pods have not become ready. */
  isStarting: boolean;
  isFollowing: boolean;
  selector: Selector | undefined;
  /** How often the containers of each pod were started again, by the pod's uid. */
  restarts: ReadonlyMap<string, number>;
  crashed: number;
  lastCrash: string | undefined;
  /** The last logged message. */
  said: string | undefined;
}

/** Creates a record that has seen nothing yet. */
export function createTrouble({
  connection,
  clock,
  logger,
  life,
  changed,
  failed,
}: TroubleContext): Trouble {
  const byKey = new Map<string, Seen>();

  /** Repeats until all pods are ready. A failed request is reported elsewhere. */
  async function follow(seen: Seen): Promise<void> {
    seen.isFollowing = true;
    let waitMs = LOOK_MS;
    try {
      for (;;) {
        await clock.sleep(waitMs, life);
        if (!seen.isStarting) return;
        const isWrong = await look(seen).catch(() => false);
        waitMs = isWrong ? LOOK_MS : Math.min(MOST_LOOK_MS, waitMs * 2);
      }
    } catch {
      // The scheduler is closed.
    } finally {
      seen.isFollowing = false;
    }
  }

  /** @returns whether something is wrong. */
  async function look(seen: Seen): Promise<boolean> {
    const { target } = seen;
    const labels = seen.selector?.equal.map((pair) => pair.join("=")).join(",") ?? "";
    if (labels === "") return false;
    const { namespace } = target;
    const answer = await connection.ask(
      {
        doing: `look at the pods of ${target.label}`,
        access: { verb: "list", group: "", resource: "pods", namespace },
        path: `/api/v1/namespaces/${namespace}/pods`,
        query: { labelSelector: labels, limit: MOST_PODS },
      },
      life,
    );
    const pods = objectsIn(answer, "items").map(readPod);
    const crashing = pods.filter(({ crash }) => crash !== undefined);
    const stuck = pods.filter(({ problem }) => problem !== undefined);
    noteCrashes(seen, pods, crashing);
    const [problem] = stuck;
    if (crashing[0] !== undefined)
      say(seen, "crash", () =>
        logger.warn(
          `task "${target.task}": ${crashing.length} of ${pods.length} pods of ${target.label} keep crashing (${crashing[0]?.crash}); the task does not grow while most pods crash; check their log: kubectl logs -n ${namespace} ${crashing[0]?.name} --previous`,
          { task: target.task },
        ),
      );
    else if (problem?.problem !== undefined)
      say(seen, problem.problem, () => failed(target, toError(target, problem)));
    else seen.said = undefined;
    changed();
    return crashing.length + stuck.length > 0;
  }

  return {
    saw(target, { starting }, selector) {
      const known = byKey.get(target.key);
      if (known === undefined && starting === 0) return NOTHING;
      const seen = known ?? newSeen(target);
      byKey.set(target.key, seen);
      seen.target = target;
      seen.selector = selector;
      seen.isStarting = starting > 0;
      if (seen.isStarting && !seen.isFollowing) void follow(seen);
      const { crashed, lastCrash } = seen;
      return lastCrash === undefined ? { crashed } : { crashed, lastCrash };
    },
  };
}

const NOTHING = { crashed: 0 };

function newSeen(target: Target): Seen {
  return {
    target,
    isStarting: false,
    isFollowing: false,
    selector: undefined,
    restarts: new Map(),
    crashed: 0,
    lastCrash: undefined,
    said: undefined,
  };
}

/** One crashing pod among many healthy pods does not hold the task. */
function noteCrashes(seen: Seen, pods: readonly PodState[], crashing: readonly PodState[]): void {
  if (crashing.length > pods.length / 2) {
    for (const { uid, restarts } of crashing)
      seen.crashed += Math.max(0, restarts - (seen.restarts.get(uid) ?? 0));
    seen.lastCrash = crashing.at(-1)?.crash;
  }
  seen.restarts = new Map(pods.map(({ uid, restarts }) => [uid, restarts]));
}

function say(seen: Seen, words: string, tell: () => void): void {
  if (seen.said === words) return;
  seen.said = words;
  tell();
}

interface PodState {
  readonly name: string;
  readonly uid: string;
  readonly restarts: number;
  /** How the pod's container last ended, if Kubernetes waits before the next start. */
  readonly crash: string | undefined;
  /** Why the pod's container cannot start. */
  readonly problem: string | undefined;
}

const CRASH = "CrashLoopBackOff";
/** The kubelet's reasons that do not go away after a wait. */
const PROBLEMS =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|Create\w*Error|RunContainerError)$/;

function readPod(pod: Fields): PodState {
  const { metadata, status } = pod;
  const containers = [
    ...objectsIn(status, "initContainerStatuses"),
    ...objectsIn(status, "containerStatuses"),
  ];
  const crashing = containers.find((one) => waitingFor(one) === CRASH);
  const stuck = containers.find((one) => PROBLEMS.test(waitingFor(one)));
  return {
    name: textIn(metadata, "name") ?? "",
    uid: textIn(metadata, "uid") ?? "",
    restarts: containers.reduce((sum, one) => sum + (countIn(one, "restartCount") ?? 0), 0),
    crash: crashing && endOf(crashing),
    problem: stuck && problemOf(stuck),
  };
}

function waitingFor(container: Fields): string {
  return textIn(memberIn(memberIn(container, "state"), "waiting"), "reason") ?? "";
}

function endOf(container: Fields): string {
  const ended = memberIn(memberIn(container, "lastState"), "terminated");
  const words = [textIn(ended, "reason"), textIn(ended, "message")?.slice(0, 200)];
  const more = words.filter((word) => word !== undefined && word !== "Error").join(": ");
  return `exit code ${countIn(ended, "exitCode") ?? "unknown"}${more === "" ? "" : `: ${more}`}`;
}

function problemOf(container: Fields): string {
  const waiting = memberIn(memberIn(container, "state"), "waiting");
  const message = textIn(waiting, "message")?.slice(0, 200);
  return [textIn(waiting, "reason"), message].filter((word) => word !== undefined).join(": ");
}

function toError(
  { task, label, namespace }: Target,
  { name, problem }: PodState,
): MicroscalingError {
  return new MicroscalingError(
    "ERR_START_FAILED",
    `task "${task}": a pod of ${label} cannot start: ${problem}; check: kubectl describe pod -n ${namespace} ${name}`,
  );
}
