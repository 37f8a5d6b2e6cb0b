import type { SchedulerPlugin } from "@microscaling/core";

import type { InvalidExample, Switch } from "../runner.ts";
import type { Patience } from "../waiting.ts";

/**
 * What the suite needs to try a scheduler. What is left out is not tested; what the plugin's `capabilities` declare is. Functions are
 * called while a test runs, so they may use what the runner's own set-up hooks made.
 */
export interface SchedulerFixture extends Patience {
  /** The default export of the plugin's package. */
  readonly plugin: SchedulerPlugin;
  /** Valid options, as written in a config. */
  readonly options: () => unknown;
  /** Options with one mistake each. */
  readonly invalidOptions?: readonly InvalidExample[];
  /** A workload, as written in a config, whose instances run until they are stopped. For the task of this name. */
  readonly workload: (task: string) => unknown;
  /** Workloads with one mistake each. */
  readonly invalidWorkloads: readonly InvalidExample[];
  /** How many instances of the task there physically are, those that start or stop included, seen past the plugin. */
  readonly exists: (task: string) => Promise<number>;
  /** Ends one running instance of the task, past the plugin. Where the backend replaces instances, it resolves when that one has ended. */
  readonly kill?: (task: string) => Promise<void>;
  /** A workload whose instances end at once, with an error. */
  readonly crashing?: () => unknown;
  /** A workload that is well written and cannot be made ready: no such image, no such command. For plugins with `prepare` or `check`. */
  readonly unpreparable?: () => unknown;
  /** Valid options that lead to a backend that is not there. */
  readonly unreachable?: () => unknown;
  /** A password, token or key out of `options` that must be in no error and no log line. */
  readonly secret?: () => string;
  /** While it is begun, the backend refuses every request. */
  readonly outage?: Switch;
  /** While it is begun, the backend takes requests and never answers. */
  readonly stall?: Switch;
}
