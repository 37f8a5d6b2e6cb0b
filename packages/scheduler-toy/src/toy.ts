import {
  MicroscalingError,
  problemOf,
  untilAborted,
  type Clock,
  type Counts,
  type Finding,
  type Outcome,
  type Scheduler,
  type SchedulerEvents,
  type SchedulerTask,
} from "@microscaling/core";

import { createInstances, type Instances } from "./instances.ts";
import type { ToyOptions, ToyWorkload } from "./options.ts";

/** One call that the toy received. */
export interface ToyCall {
  readonly method: "prepare" | "observe" | "scale" | "check" | "close";
  /** The task of a `prepare`, a `scale` or a `check`. */
  readonly task?: string;
  /** The number of instances that a `scale` asked for. */
  readonly instances?: number;
  /** The time of the call, in milliseconds of the clock. */
  readonly at: number;
}

/** The methods that can fail or hang for one task. */
export type ToyMethod = "prepare" | "scale" | "check";

/** A scheduler that simulates instances, and the methods with which a test controls it. */
export interface ToyScheduler extends Required<Omit<Scheduler<ToyWorkload>, "capacity" | "lease">> {
  /** All calls so far, in their order. */
  readonly calls: readonly ToyCall[];
  /** The current counts of one task. Asking for them is not recorded as a call. */
  readonly counts: (task: string) => Counts;
  /** Adds this many running instances, as if an earlier agent had started them. */
  readonly add: (task: string, instances: number) => void;
  /** Makes the newest running instance end by itself. */
  readonly crash: (task: string) => void;
  /** From now on, the method fails for this task with this error. */
  readonly fail: (task: string, error: MicroscalingError, method?: ToyMethod) => void;
  /** From now on, the method never answers for this task. It ends only with its signal. */
  readonly hang: (task: string, method?: ToyMethod) => void;
  /** From now on, `scale` answers that it is busy with this task. */
  readonly busy: (task: string, retryAfterMs?: number) => void;
  /** Ends `fail`, `hang` and `busy` for this task. A call that already hangs still hangs. */
  readonly fix: (task: string) => void;
  /** Reports to all watches that a request that was accepted earlier has failed. */
  readonly failLater: (task: string, error: MicroscalingError) => void;
  /** Sets whether every method throws and every watch ends. */
  readonly unreachable: (is: boolean) => void;
  /** Sets whether no method answers. */
  readonly stalled: (is: boolean) => void;
}

/** Options for {@link createToyScheduler}. */
export interface ToySettings extends Partial<ToyOptions> {
  readonly clock: Clock;
}

type Fault =
  | { readonly kind: "fail"; readonly error: MicroscalingError }
  | { readonly kind: "hang" }
  | { readonly kind: "busy"; readonly retryAfterMs: number | undefined };

const NEVER = new Promise<never>(() => {});

interface Watcher {
  readonly events: SchedulerEvents;
  readonly lost: (error: MicroscalingError) => void;
}

const gone = (): MicroscalingError =>
  new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "the toy scheduler is set to be unreachable");

/** Creates a toy scheduler. Without delays, every change happens within the call that asks for it. */
export function createToyScheduler(settings: ToySettings): ToyScheduler {
  const { clock, startDelayMs = 0, stopDelayMs = 0, failStarts = false } = settings;
  const options: ToyOptions = { startDelayMs, stopDelayMs, failStarts };
  const tasks = new Map<string, Instances>();
  const faults = new Map<string, Fault>();
  const watchers = new Set<Watcher>();
  const calls: ToyCall[] = [];
  let isUnreachable = false;
  let isStalled = false;

  const changed = (): void => {
    for (const { events } of watchers) events.changed();
  };

  function instancesOf(task: string): Instances {
    const found = tasks.get(task) ?? createInstances(options, clock, changed);
    tasks.set(task, found);
    return found;
  }

  /** Runs at the start of every method. Waits only when stalled, so that the request shows in the counts before the call returns. */
  function enter(call: Omit<ToyCall, "at">, signal: AbortSignal): Promise<never> | undefined {
    calls.push({ ...call, at: clock.now() });
    signal.throwIfAborted();
    if (isStalled) return untilAborted(signal, NEVER);
    if (isUnreachable) throw gone();
    return undefined;
  }

  async function prepare(task: SchedulerTask<ToyWorkload>, signal: AbortSignal): Promise<void> {
    const stall = enter({ method: "prepare", task: task.name }, signal);
    if (stall !== undefined) await stall;
    const fault = faults.get(key(task.name, "prepare"));
    if (fault?.kind === "hang") await untilAborted(signal, NEVER);
    if (fault?.kind === "fail") throw fault.error;
  }

  async function observe(
    asked: readonly SchedulerTask<ToyWorkload>[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counts>> {
    const stall = enter({ method: "observe" }, signal);
    if (stall !== undefined) await stall;
    return new Map(asked.map(({ name }) => [name, instancesOf(name).counts()]));
  }

  async function scale(
    task: SchedulerTask<ToyWorkload>,
    instances: number,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const stall = enter({ method: "scale", task: task.name, instances }, signal);
    if (stall !== undefined) await stall;
    const fault = faults.get(key(task.name, "scale"));
    if (fault?.kind === "hang") await untilAborted(signal, NEVER);
    if (fault?.kind === "fail") return { status: "failed", error: fault.error };
    if (fault?.kind === "busy") return busyOutcome(fault.retryAfterMs);
    return change(instancesOf(task.name), task, instances, signal);
  }

  async function check(
    { name, workload }: SchedulerTask<ToyWorkload>,
    signal: AbortSignal,
  ): Promise<readonly Finding[]> {
    const stall = enter({ method: "check", task: name }, signal);
    if (stall !== undefined) await stall;
    const fault = faults.get(key(name, "check"));
    if (fault?.kind === "hang") await untilAborted(signal, NEVER);
    if (fault?.kind === "fail") return [problemOf(fault.error)];
    return [lookAt(failStarts, workload)];
  }

  async function watch(events: SchedulerEvents, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (isUnreachable) throw gone();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watcher: Watcher = { events, lost: reject };
    const onAbort = (): void => resolve();
    watchers.add(watcher);
    signal.addEventListener("abort", onAbort, { once: true });
    await promise.finally(() => {
      watchers.delete(watcher);
      signal.removeEventListener("abort", onAbort);
    });
  }

  async function close(): Promise<void> {
    calls.push({ method: "close", at: clock.now() });
    for (const instances of tasks.values()) instances.clear();
  }

  return {
    prepare,
    observe,
    scale,
    watch,
    check,
    close,
    calls,
    counts: (task) => instancesOf(task).counts(),
    add: (task, count) => instancesOf(task).add(count),
    crash: (task) => instancesOf(task).crash(),
    fail: (task, error, method = "scale") => {
      faults.set(key(task, method), { kind: "fail", error });
    },
    hang: (task, method = "scale") => {
      faults.set(key(task, method), { kind: "hang" });
    },
    busy: (task, retryAfterMs) => {
      faults.set(key(task, "scale"), { kind: "busy", retryAfterMs });
    },
    fix: (task) => {
      faults.delete(key(task, "scale"));
      faults.delete(key(task, "prepare"));
      faults.delete(key(task, "check"));
    },
    failLater: (task, error) => {
      for (const { events } of watchers) events.failed(task, error);
    },
    unreachable: (is) => {
      isUnreachable = is;
      if (is) for (const { lost } of watchers) lost(gone());
    },
    stalled: (is) => {
      isStalled = is;
    },
  };
}

const key = (task: string, method: ToyMethod): string => `${method} ${task}`;

function lookAt(failStarts: boolean, { crash }: ToyWorkload): Finding {
  if (failStarts) {
    const message = "the toy scheduler is set to fail starts";
    return { level: "problem", message, advice: "remove failStarts from scheduler" };
  }
  if (!crash) return { level: "ok", message: "instances can start" };
  const message = "instances end as soon as they run";
  return { level: "warning", message, advice: "remove crash from workload" };
}

function busyOutcome(retryAfterMs: number | undefined): Outcome {
  const reason = "the toy scheduler is set to be busy with this task";
  return { status: "busy", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

// Starts and stops begin before the first wait, so that the counts show the request at once.
async function change(
  instances: Instances,
  task: SchedulerTask<ToyWorkload>,
  wanted: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const missing = wanted - instances.counts().requested;
  if (missing < 0) instances.stop(-missing);
  const starts = Array.from({ length: Math.max(0, missing) }, () =>
    instances.start(task.workload.crash),
  );
  const results = await untilAborted(signal, Promise.all(starts));
  const failed = results.filter((result) => result === "failed").length;
  if (failed === 0) return { status: "accepted" };
  const message = `${failed} of ${starts.length} instances of ${task.name} did not start: the toy scheduler is set to fail starts`;
  return { status: "failed", error: new MicroscalingError("ERR_START_FAILED", message) };
}
