import type { MetricPlugin } from "@microscaling/core";

import type { InvalidExample, Switch } from "../runner.ts";
import type { Patience } from "../waiting.ts";

/** A missing queue. */
export interface MissingExample {
  /** What is missing, for the test's name, such as `topic`. Default: `queue`. */
  readonly what?: string;
  /** The query in the form of a config. */
  query(): unknown;
  readonly gives: "zero" | "failure" | "hold";
}

/**
 * What the suite needs to test a metric. The suite does not test what is left out, but it tests everything that the plugin's `capabilities` declare.
 * Functions are called while a test runs, so they may use what the runner's set-up hooks created.
 */
export interface MetricFixture extends Patience {
  /** The default export of the plugin's package. */
  readonly plugin: MetricPlugin;
  /** Valid options in the form of a config. */
  readonly options: () => unknown;
  /** Options with one mistake each. */
  readonly invalidOptions?: readonly InvalidExample[];
  /** The queries of two queues, in the form of a config. */
  readonly queries: () => readonly [unknown, unknown];
  /** Queries with one mistake each. */
  readonly invalidQueries: readonly InvalidExample[];
  /** Sets the length of the first (0) or the second (1) queue. Called with whole numbers from 0 to 20. */
  readonly setQueue: (queue: 0 | 1, length: number) => Promise<void>;
  /** Missing queues, and the result of reading each of them. */
  readonly missing?: readonly MissingExample[];
  /** How many requests the backend has received so far. */
  readonly requests?: () => number | Promise<number>;
  /** A password, token or key from `options` that no error and no log line may contain. */
  readonly secret?: () => string;
  /** Valid options for a backend that does not exist. */
  readonly unreachable?: () => unknown;
  /** After `begin`, the backend refuses every request or sends invalid answers. */
  readonly outage?: Switch;
  /** After `begin`, the backend accepts requests and never answers. */
  readonly stall?: Switch;
  /** After `begin`, the first queue is paused, so that its task must be held. */
  readonly pause?: Switch;
}
