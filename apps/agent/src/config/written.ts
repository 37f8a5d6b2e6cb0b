import type { Fallback } from "@microscaling/engine";
import type { LogComponent, LogLevel } from "./types.ts";

// What a config may hold, key by key, as it is written: durations and amounts are still text.

/** Named amounts. */
export type WrittenAmounts = Readonly<Record<string, number | string>>;

/** Named amounts; `scheduler` stands for what the scheduler says. */
export type WrittenCapacity = WrittenAmounts;

/** Replaces an amount in the capacity: the scheduler reports the amount. */
export const MEASURED = "scheduler";

/** `scheduler:` without the plugin's own options. */
export interface SchedulerFields {
  readonly use: string;
  readonly interval: string;
  readonly timeout: string;
}

/** A source under `metrics:` without the plugin's own options. */
export interface SourceFields {
  readonly use: string;
  readonly interval: string;
  readonly timeout: string;
}

/** A task's `metric:` without the plugin's own query. */
export interface MetricFields {
  readonly use: string;
  readonly maxAge: string;
  readonly failures: number;
  readonly fallback: Fallback;
}

/** One task. `workload` and `metric` are the plugins' to check. */
export interface TaskFields {
  readonly priority: number;
  readonly instances: {
    readonly min?: number | undefined;
    readonly max?: number | undefined;
    readonly maxDelta?: number | undefined;
  };
  readonly uses: WrittenAmounts;
  readonly workload: unknown;
  readonly metric: unknown;
  readonly target: WrittenTarget;
  readonly weight: number;
  readonly group: string;
  readonly schedule: readonly WrittenWindow[];
}

/** A time at which a task has other bounds. */
export interface WrittenWindow {
  readonly start: string;
  readonly for: string;
  readonly timeZone?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** How readings become a desired number of instances; the gains may be left out. */
export type WrittenTarget =
  | {
      readonly use: "latency";
      readonly within: string;
      readonly serviceTime?: string | undefined;
      readonly startupTime?: string | undefined;
      readonly concurrency?: number | undefined;
      readonly startCost?: string | undefined;
      readonly changesPerMinute?: number | undefined;
      readonly forecast?: "off" | "auto" | undefined;
    }
  | {
      readonly use: "queue";
      readonly length: number;
      readonly gains?: "classic" | "auto" | undefined;
      readonly kP?: number | undefined;
      readonly kI?: number | undefined;
      readonly kD?: number | undefined;
      readonly velocitySamples?: number | undefined;
    }
  | { readonly use: "simple-queue"; readonly length: number }
  | { readonly use: "remainder" }
  | { readonly use: "fixed"; readonly instances: number };

/** The config itself. */
export interface RootFields {
  readonly scheduler: Readonly<Record<string, unknown>>;
  readonly capacity: WrittenCapacity;
  readonly share: "fair" | "ordered";
  readonly groups: Readonly<Record<string, WrittenAmounts>>;
  readonly sharing: {
    readonly minIsGuarantee?: boolean | undefined;
    readonly protectYoung?: boolean | undefined;
    readonly maxTakenShare?: number | undefined;
  };
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly tasks: Readonly<Record<string, unknown>>;
  readonly ha: { readonly lease: string; readonly duration?: string | undefined };
  readonly shutdown: "leave" | "drain";
  readonly shutdownGrace: string;
  readonly learned: string;
  readonly http: false | { readonly host?: string | undefined; readonly port?: number | undefined };
  readonly log: {
    readonly level?: LogLevel | undefined;
    readonly debug?: readonly LogComponent[] | undefined;
  };
}
