import { describe, expectTypeOf, it } from "vitest";
import {
  defineMetric,
  defineScheduler,
  type Metric,
  type MetricPlugin,
  type Outcome,
  type Reading,
  type ReadingFailure,
  type ReadingHold,
  type ReadingResult,
  type Scheduler,
  type SchedulerPlugin,
  type StandardSchema,
} from "../src/index.ts";

interface Options {
  readonly address: string;
}
interface Queue {
  readonly topic: string;
}
declare const options: StandardSchema<Options>;
declare const queue: StandardSchema<Queue>;
declare const metric: Metric<Queue>;
declare const scheduler: Scheduler<Queue>;

const common = { name: "x", apiVersion: 1, options };
const metricParts = { ...common, query: queue, defaultIntervalMs: 500 };
const none = {
  watch: false,
  prepare: false,
  capacity: false,
  outlivesAgent: false,
  replaces: false,
};

describe("defineMetric", () => {
  it("takes its types from the schemas", () => {
    const plugin = defineMetric({
      ...metricParts,
      capabilities: { watch: false, parts: ["ready", "inFlight"] },
      create(given, context) {
        expectTypeOf(given).toEqualTypeOf<Options>();
        expectTypeOf(context.clock.now()).toEqualTypeOf<number>();
        return metric;
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<MetricPlugin<Options, Queue>>();
    expectTypeOf(plugin.kind).toEqualTypeOf<"metric">();
  });

  it("refuses what the contract does not know", () => {
    type Given = Parameters<typeof defineMetric<Options, Queue>>[0];
    expectTypeOf<Given["capabilities"]["parts"][number]>().toEqualTypeOf<
      "ready" | "inFlight" | "delayed" | "arrived" | "finished"
    >();
    expectTypeOf<Omit<Given, "capabilities">>().not.toExtend<Given>();
    expectTypeOf<Metric<{ readonly url: string }>>().not.toExtend<ReturnType<Given["create"]>>();
  });

  it("lets nobody return a bare number", () => {
    // @ts-expect-error a number has no time, and a failure must not look like one
    const bare: Metric = { read: () => Promise.resolve([5]), close: () => Promise.resolve() };
    expectTypeOf(bare).toEqualTypeOf<Metric>();
  });
});

describe("defineScheduler", () => {
  it("takes its types from the schemas", () => {
    const plugin = defineScheduler({
      ...common,
      workload: queue,
      capabilities: none,
      create(given) {
        expectTypeOf(given).toEqualTypeOf<Options>();
        return scheduler;
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<SchedulerPlugin<Options, Queue>>();
    expectTypeOf(plugin.kind).toEqualTypeOf<"scheduler">();
  });

  it("wants every capability said", () => {
    type Given = Parameters<typeof defineScheduler<Options, Queue>>[0];
    expectTypeOf<typeof none>().toExtend<Given["capabilities"]>();
    expectTypeOf<Omit<typeof none, "outlivesAgent">>().not.toExtend<Given["capabilities"]>();
  });
});

describe("ReadingResult", () => {
  it("has a value only where something was read", () => {
    expectTypeOf<Extract<ReadingResult, { value: number }>>().toEqualTypeOf<Reading>();
    expectTypeOf<ReadingResult["kind"]>().toEqualTypeOf<"reading" | "failure" | "hold">();
    expectTypeOf<ReadingFailure>().not.toHaveProperty("value");
    expectTypeOf<ReadingHold>().not.toHaveProperty("value");
  });

  it("always has a time with its value", () => {
    // @ts-expect-error without `at`
    const timeless: Reading = { kind: "reading", value: 5 };
    expectTypeOf(timeless).toEqualTypeOf<Reading>();
  });
});

describe("Outcome", () => {
  it("is one of three, and a failure says why", () => {
    expectTypeOf<Outcome["status"]>().toEqualTypeOf<"accepted" | "busy" | "failed">();
    // @ts-expect-error a failure without its error
    const failed: Outcome = { status: "failed" };
    // @ts-expect-error busy without a reason
    const busy: Outcome = { status: "busy" };
    expectTypeOf(failed).toExtend<Outcome>();
    expectTypeOf(busy).toExtend<Outcome>();
  });
});
