import type { MetricPlugin } from "@microscaling/core";

import type { InvalidExample, Switch } from "../runner.ts";
import type { Patience } from "../waiting.ts";

/** A queue that is not there. */
export interface MissingExample {
  /** What is not there, for the test's name: `topic`. Default `queue`. */
  readonly what?: string;
  /** The query, as written in a config. */
  query(): unknown;
  readonly gives: "zero" | "failure" | "hold";
}

/**
 * What the suite needs to try a metric. What is left out is not tested; what the plugin's `capabilities` declare is. Functions are
 * called while a test runs, so they may use what the runner's own set-up hooks made.
 */
export interface MetricFixture extends Patience {
  /** The default export of the plugin's package. */
  readonly plugin: MetricPlugin;
  /** Valid options, as written in a config. */
  readonly options: () => unknown;
  /** Options with one mistake each. */
  readonly invalidOptions?: readonly InvalidExample[];
  /** The queries, as written in a config, of two queues. */
  readonly queries: () => readonly [unknown, unknown];
  /** Queries with one mistake each. */
  readonly invalidQueries: readonly InvalidExample[];
  /** Makes the first (0) or the second (1) queue so long. Called with whole numbers from 0 to 20. */
  readonly setQueue: (queue: 0 | 1, length: number) => Promise<void>;
  /** Queues that are not there, and what reading each of them gives. */
  readonly missing?: readonly MissingExample[];
  /** How many requests the backend has had so far. */
  readonly requests?: () => number | Promise<number>;
  /** A password, token or key out of `options` that must be in no error and no log line. */
  readonly secret?: () => string;
  /** Valid options that lead to a backend that is not there. */
  readonly unreachable?: () => unknown;
  /** While it is begun, the backend refuses every request or answers nonsense. */
  readonly outage?: Switch;
  /** While it is begun, the backend takes requests and never answers. */
  readonly stall?: Switch;
  /** While it is begun, the first queue is paused and its task is to be held. */
  readonly pause?: Switch;
}
