import type { Claim, LogFields, MetricQuery, SchedulerTask } from "@microscaling/core";
import type { EngineSpec, Turn } from "./spec.ts";

/** How a call to a plugin ended. What the plugin returned or threw is `unknown` until a reducer has checked it. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown }
  /** The engine stopped waiting, because of the deadline or a cancellation. The call may still take effect until it has `returned`. */
  | { readonly kind: "abandoned"; readonly error: unknown };

/** A call, identified by a number. No number is used twice. */
interface Answered {
  readonly id: number;
  readonly answer: Answer;
}

/** Everything that can happen to an engine. */
export type EngineEvent =
  /** Time has passed. The engine begins whatever is due. */
  | { readonly type: "time" }
  | ({ readonly type: "read"; readonly source: string } & Answered)
  | ({ readonly type: "observed" } & Answered)
  | ({ readonly type: "measured" } & Answered)
  | ({ readonly type: "prepared"; readonly task: string } & Answered)
  | ({ readonly type: "scaled"; readonly task: string } & Answered)
  | ({ readonly type: "leaseRead" } & Answered)
  | ({ readonly type: "leaseWritten" } & Answered)
  /** A call that was abandoned has ended. */
  | { readonly type: "returned"; readonly id: number }
  /** A metric source reports that its numbers may have changed. */
  | { readonly type: "sourceChanged"; readonly source: string }
  /** The scheduler reports that counts may have changed. */
  | { readonly type: "countsChanged" }
  /** The scheduler reports that a request that it accepted has failed. */
  | { readonly type: "failed"; readonly task: string; readonly error: unknown }
  /** A reload. The scheduler stays the same. */
  | { readonly type: "configured"; readonly spec: EngineSpec }
  /** All instances of every scaled task must stop. */
  | { readonly type: "drain" }
  /** The engine begins nothing more. Calls in progress end. */
  | { readonly type: "stop" }
  /** The term ends, together with all calls in progress, and the lease is given back. */
  | { readonly type: "resign" }
  /** The steps of a single turn: read and count everything, prepare every task, decide. */
  | { readonly type: "once"; readonly part: "observe" | "prepare" }
  | { readonly type: "once"; readonly part: "decide"; readonly acts: boolean };

/** Everything that an engine can ask the runtime to do. Each call is answered by one event with the call's number. */
export type Command =
  | {
      readonly type: "read";
      readonly id: number;
      readonly source: string;
      readonly queries: readonly MetricQuery[];
    }
  | {
      readonly type: "observe";
      readonly id: number;
      readonly tasks: readonly SchedulerTask[];
    }
  | { readonly type: "measure"; readonly id: number }
  | { readonly type: "prepare"; readonly id: number; readonly task: SchedulerTask }
  | {
      readonly type: "scale";
      readonly id: number;
      readonly task: SchedulerTask;
      readonly instances: number;
      /** The time, by the monotonic clock, after which the call must not be sent, because the term ends. `Infinity` if no lease is shared. */
      readonly until: number;
    }
  | {
      readonly type: "readLease";
      readonly id: number;
      readonly lease: string;
      readonly timeoutMs: number;
    }
  | {
      readonly type: "writeLease";
      readonly id: number;
      readonly lease: string;
      readonly timeoutMs: number;
      readonly claim: Claim;
      readonly over: string | undefined;
    }
  /** Stops waiting for a call. The call is answered as abandoned. */
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "report"; readonly turn: Turn }
  /** The set of tasks has changed. */
  | { readonly type: "opened"; readonly spec: EngineSpec }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: LogFields;
    };
