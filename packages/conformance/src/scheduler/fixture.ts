import type { SchedulerPlugin } from "@microscaling/core";

import type { InvalidExample, Switch } from "../runner.ts";
import type { Patience } from "../waiting.ts";

/**
 * What the suite needs to test a scheduler. The suite does not test what is left out, but it tests everything that the plugin's `capabilities` declare.
 * Functions are called while a test runs, so they may use what the runner's set-up hooks created.
 */
export interface SchedulerFixture extends Patience {
  /** The default export of the plugin's package. */
  readonly plugin: SchedulerPlugin;
  /** Valid options in the form of a config. */
  readonly options: () => unknown;
  /** Options with one mistake each. */
  readonly invalidOptions?: readonly InvalidExample[];
  /** A workload for the task of this name, in the form of a config, whose instances run until they are stopped. */
  readonly workload: (task: string) => unknown;
  /** Workloads with one mistake each. */
  readonly invalidWorkloads: readonly InvalidExample[];
  /** How many instances of the task physically exist, including starting and stopping ones. Does not use the plugin. */
  readonly exists: (task: string) => Promise<number>;
  /** Ends one running instance of the task without the plugin. If the backend replaces instances, it resolves when that instance has ended. */
  readonly kill?: (task: string) => Promise<void>;
  /** A workload whose instances end at once, with an error. */
  readonly crashing?: () => unknown;
  /** A valid workload that cannot be prepared, for example with a missing image or command. For plugins with `prepare` or `check`. */
  readonly unpreparable?: () => unknown;
  /** Valid options for a backend that does not exist. */
  readonly unreachable?: () => unknown;
  /** A password, token or key from `options` that no error and no log line may contain. */
  readonly secret?: () => string;
  /** After `begin`, the backend refuses every request. */
  readonly outage?: Switch;
  /** After `begin`, the backend accepts requests and never answers. */
  readonly stall?: Switch;
}
