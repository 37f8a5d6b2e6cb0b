import type { Claim, LogFields, MetricQuery, SchedulerTask } from "@microscaling/core";
import type { EngineSpec, Turn } from "./spec.ts";

/** How a call to a plugin ended. What a plugin returned or threw is unknown until a reducer has checked it. */
export type Answer =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: unknown }
  /** Nobody waits for it any more, since its time was up or it was cancelled. It may still do what it was asked to, until it has `returned`. */
  | { readonly kind: "abandoned"; readonly error: unknown };

/** A call by its number. No number is used twice. */
interface Answered {
  readonly id: number;
  readonly answer: Answer;
}

/** Everything that can happen to an engine. */
export type EngineEvent =
  /** Time has passed: whatever is due is begun. */
  | { readonly type: "time" }
  | ({ readonly type: "read"; readonly source: string } & Answered)
  | ({ readonly type: "observed" } & Answered)
  | ({ readonly type: "measured" } & Answered)
  | ({ readonly type: "prepared"; readonly task: string } & Answered)
  | ({ readonly type: "scaled"; readonly task: string } & Answered)
  | ({ readonly type: "leaseRead" } & Answered)
  | ({ readonly type: "leaseWritten" } & Answered)
  /** A call that was abandoned has ended after all. */
  | { readonly type: "returned"; readonly id: number }
  /** The metric source says that its numbers may have changed. */
  | { readonly type: "sourceChanged"; readonly source: string }
  /** The scheduler says that counts may have changed. */
  | { readonly type: "countsChanged" }
  /** The scheduler says that something which it accepted did not come true. */
  | { readonly type: "failed"; readonly task: string; readonly error: unknown }
  /** A reload. The scheduler is the same one. */
  | { readonly type: "configured"; readonly spec: EngineSpec }
  /** Every task that is scaled is to go. */
  | { readonly type: "drain" }
  /** Nothing more is begun; what is under way ends. */
  | { readonly type: "stop" }
  /** The term ends, with whatever is still under way, and the lease is given back. */
  | { readonly type: "resign" }
  /** For one turn alone: read and count everything, make every task ready, decide. */
  | { readonly type: "once"; readonly part: "observe" | "prepare" }
  | { readonly type: "once"; readonly part: "decide"; readonly acts: boolean };

/** Everything that an engine can ask of the world. Each call is answered by one event that carries its number. */
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
      /** By the monotonic clock: it may not be sent later, since the term ends. `Infinity` where no lease is shared. */
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
  /** Nobody waits for this call any more: it is answered as abandoned. */
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "report"; readonly turn: Turn }
  /** The tasks that turns are about have changed. */
  | { readonly type: "opened"; readonly spec: EngineSpec }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: LogFields;
    };
