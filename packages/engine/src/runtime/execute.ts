import { type Amounts, type Clock, type Lease, MicroscalingError } from "@microscaling/core";
import type { Command, EngineEvent } from "../events.ts";
import type { EngineSpec } from "../spec.ts";
import type { Calls } from "./calls.ts";

/** The deadline of `prepare`, in milliseconds. It may pull a large image. */
const PREPARE_TIMEOUT_MS = 600_000;

/** The commands that are calls to plugins. */
export type CallCommand = Extract<
  Command,
  { type: "read" | "observe" | "measure" | "prepare" | "scale" | "readLease" | "writeLease" }
>;

/** What the execution of a command needs. */
export interface Execution {
  readonly spec: EngineSpec;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly dispatch: (event: EngineEvent) => void;
}

/** Makes the call that a command asks for, and dispatches its answer. */
export function execute(command: CallCommand, execution: Execution): void {
  const { spec, calls, clock, dispatch } = execution;
  const { name, scheduler, timeoutMs } = spec.scheduler;
  const { id } = command;
  const returned = (): void => dispatch({ type: "returned", id });
  switch (command.type) {
    case "read": {
      const source = spec.sources.get(command.source);
      if (source === undefined) return;
      calls.begin({
        id,
        what: `metric ${source.name}`,
        timeoutMs: source.timeoutMs,
        work: (signal) => source.metric.read(command.queries, signal, source.timeoutMs),
        answered: (answer) => dispatch({ type: "read", source: command.source, id, answer }),
        returned,
      });
      return;
    }
    case "observe":
      calls.begin({
        id,
        what: `scheduler ${name}: observe`,
        timeoutMs,
        work: (signal) => scheduler.observe(command.tasks, signal),
        answered: (answer) => dispatch({ type: "observed", id, answer }),
        returned,
      });
      return;
    case "measure":
      calls.begin({
        id,
        what: `scheduler ${name}: capacity`,
        timeoutMs,
        work: (signal) => askCapacity(spec, signal),
        answered: (answer) => dispatch({ type: "measured", id, answer }),
        returned,
      });
      return;
    case "prepare":
      calls.begin({
        id,
        what: `scheduler ${name}: prepare ${command.task.name}`,
        timeoutMs: PREPARE_TIMEOUT_MS,
        work: async (signal) => scheduler.prepare?.(command.task, signal),
        answered: (answer) => dispatch({ type: "prepared", task: command.task.name, id, answer }),
        returned,
      });
      return;
    case "scale": {
      const { task, instances, until } = command;
      calls.begin({
        id,
        what: `scheduler ${name}: scale ${task.name} to ${instances}`,
        timeoutMs: Math.min(timeoutMs, until - clock.monotonic()),
        work: (signal) => scheduler.scale(task, instances, signal),
        answered: (answer) => dispatch({ type: "scaled", task: task.name, id, answer }),
        returned,
      });
      return;
    }
    case "readLease":
    case "writeLease":
      executeOnLease(command, execution);
      return;
    default:
      command satisfies never;
  }
}

type LeaseCommand = Extract<CallCommand, { type: "readLease" | "writeLease" }>;

function executeOnLease(command: LeaseCommand, { spec, calls, dispatch }: Execution): void {
  const { id, timeoutMs } = command;
  const { lease: name } = command;
  const lease = openLease(spec, name);
  const reads = command.type === "readLease";
  calls.begin({
    id,
    what: `lease ${name}: ${reads ? "read" : "write"}`,
    timeoutMs,
    work: (signal) =>
      reads ? lease.read(signal) : lease.write(command.claim, command.over, signal),
    answered: (answer) => dispatch({ type: reads ? "leaseRead" : "leaseWritten", id, answer }),
    returned: () => dispatch({ type: "returned", id }),
  });
}

async function askCapacity(spec: EngineSpec, signal: AbortSignal): Promise<Amounts> {
  const { name, scheduler } = spec.scheduler;
  if (scheduler.capacity !== undefined) return scheduler.capacity(signal);
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `plugin ${name}: expected capacity, as its capabilities say, found none`,
  );
}

/**
 * Checks that the scheduler supports the lease that the spec names.
 * @throws MicroscalingError `ERR_PLUGIN_RESULT` if it does not
 */
export function assertLease(spec: EngineSpec): void {
  if (spec.ha !== undefined) openLease(spec, spec.ha.lease);
}

function openLease({ scheduler: { name, scheduler } }: EngineSpec, lease: string): Lease {
  const opened = scheduler.lease?.(lease);
  if (opened !== undefined) return opened;
  throw new MicroscalingError(
    "ERR_PLUGIN_RESULT",
    `plugin ${name}: expected a lease, as its capabilities say, found none`,
  );
}
