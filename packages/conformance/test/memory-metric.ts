import {
  API_VERSION,
  defineMetric,
  MicroscalingError,
  silentLogger,
  type Clock,
  type Logger,
  type Metric,
  type MetricPlugin,
  type ReadingResult,
  untilAborted,
} from "@microscaling/core";

import { createTestClock, type MetricFixture } from "../src/index.ts";
import { never } from "./lifecycle-faults.ts";
import { schemaOf } from "./memory-schema.ts";

export interface Options {
  readonly down?: boolean;
  readonly password?: string;
}
export interface Query {
  readonly queue?: string;
  /** A list has no jobs in flight. */
  readonly list?: boolean;
}

/** What must be in no error and no log line. */
export const PASSWORD = "correct-horse";

/** The backend: how long its queues are, and what is wrong with it. */
export interface World {
  readonly clock: Clock;
  readonly queues: Map<string, number>;
  readonly watchers: Set<() => void>;
  logger: Logger;
  requests: number;
  outage: boolean;
  stalled: boolean;
  paused: boolean;
}

export type MemoryMetric = Required<Metric<Query>>;
export type MemoryPlugin = MetricPlugin<Options, Query>;

export const failure = (words: string): MicroscalingError =>
  new MicroscalingError("ERR_METRIC_UNREACHABLE", words);

/** A metric without fault, on queues in memory. */
function createMemory(world: World, { down = false }: Options): MemoryMetric {
  function result({ queue = "first", list = false }: Query, at: number): ReadingResult {
    const value = world.queues.get(queue);
    if (world.paused && queue === "first") return { kind: "hold", reason: "first is paused" };
    if (value === undefined) return { kind: "failure", error: failure(`no queue ${queue}`) };
    const inFlight = list ? {} : { inFlight: 0 };
    return { kind: "reading", value, at, parts: { ready: value, ...inFlight } };
  }
  return {
    read: async (queries, signal) => {
      signal.throwIfAborted();
      world.requests += 1;
      if (world.stalled) await untilAborted(signal, never());
      if (down || world.outage) throw failure("the backend is not there");
      const at = world.clock.now();
      return queries.map(({ query }) => result(query, at));
    },
    watch: async (_, changed, signal) => {
      world.watchers.add(changed);
      await untilAborted(signal, never()).catch(() => {});
      world.watchers.delete(changed);
    },
    close: async () => {},
  };
}

/** How a plugin is broken. */
export interface Faults {
  readonly metric?: (good: MemoryMetric, world: World, options: Options) => Metric<Query>;
  readonly plugin?: (good: MemoryPlugin) => MemoryPlugin;
}

/** A plugin with these faults, that has `watch` or not. */
export function createFixture(
  faults: Faults,
  { watch, missing }: { watch: boolean; missing: "zero" | "failure" | "hold" },
): MetricFixture {
  const world: World = {
    clock: createTestClock(),
    queues: new Map([
      ["first", 0],
      ["second", 0],
    ]),
    watchers: new Set(),
    logger: silentLogger,
    requests: 0,
    outage: false,
    stalled: false,
    paused: false,
  };
  const good: MemoryPlugin = defineMetric<Options, Query>({
    name: "memory",
    apiVersion: API_VERSION,
    options: schemaOf<Options>({ down: "boolean", password: "string" }),
    query: schemaOf<Query>({ queue: "string", list: "boolean" }),
    capabilities: { watch, parts: ["ready", "inFlight"] },
    partsOf: ({ list }) => (list === true ? ["ready"] : ["ready", "inFlight"]),
    defaultIntervalMs: 500,
    create: (options, { logger }) => {
      world.logger = logger;
      const memory = createMemory(world, options);
      const read = missing === "failure" ? memory.read : missingAs(missing, memory.read);
      const metric = { ...memory, read };
      return (
        faults.metric?.(metric, world, options) ?? (watch ? metric : { read, close: memory.close })
      );
    },
  });
  return {
    plugin: faults.plugin?.(good) ?? good,
    clock: world.clock,
    deadlineMs: 1000,
    options: () => ({ password: PASSWORD }),
    secret: () => PASSWORD,
    invalidOptions: [{ written: { down: 1 }, path: ["down"] }],
    queries: () => [{ queue: "first" }, { queue: "second", list: true }],
    invalidQueries: [{ written: { queue: 1 }, path: ["queue"] }],
    setQueue: async (queue, length) => {
      world.queues.set(queue === 0 ? "first" : "second", length);
      for (const changed of world.watchers) changed();
    },
    missing: [
      { query: () => ({ queue: "nowhere" }), gives: missing },
      { what: "list", query: () => ({ queue: "nowhere", list: true }), gives: missing },
    ],
    requests: async () => world.requests,
    unreachable: () => ({ down: true, password: PASSWORD }),
    outage: switchOf(world, "outage"),
    stall: switchOf(world, "stalled"),
    pause: switchOf(world, "paused"),
  };
}

function switchOf(
  world: World,
  key: "outage" | "stalled" | "paused",
): { begin: () => Promise<void>; end: () => Promise<void> } {
  return {
    begin: async () => void (world[key] = true),
    end: async () => void (world[key] = false),
  };
}

/** Reads with another answer for a queue that is not there. */
function missingAs(kind: "zero" | "hold", read: MemoryMetric["read"]): MemoryMetric["read"] {
  return async (queries, signal) => {
    const results = await read(queries, signal);
    return results.map((result, index): ReadingResult => {
      if (queries[index]?.query.queue !== "nowhere") return result;
      if (kind === "hold") return { kind, reason: "no such queue" };
      const found = results.find((other) => other.kind === "reading");
      return { kind: "reading", value: 0, at: found?.kind === "reading" ? found.at : 0 };
    });
  };
}
