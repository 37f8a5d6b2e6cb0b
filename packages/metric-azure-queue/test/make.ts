import { onTestFinished } from "vitest";
import type { Metric, PluginContext, ReadingResult } from "@microscaling/core";
import plugin, { type AzureQueueQuery } from "../src/index.ts";
import { createContext } from "./fake-server.ts";

const never = new AbortController().signal;

/** A key that must be in no message. */
export const KEY: string = Buffer.from("the-key-of-the-account").toString("base64");

/** A metric from options as they are written; it is closed when the test ends. */
export async function makeMetric(
  written: unknown,
  context: PluginContext = createContext(),
): Promise<Metric<AzureQueueQuery>> {
  const checked = await plugin.options["~standard"].validate(written);
  if (checked.issues !== undefined) throw new Error(checked.issues[0]?.message);
  const metric = plugin.create(checked.value, context);
  onTestFinished(() => metric.close());
  return metric;
}

/** A metric that signs in with a key. */
export function makeKeyMetric(
  endpoint: string,
  context?: PluginContext,
): Promise<Metric<AzureQueueQuery>> {
  return makeMetric({ account: "store", key: KEY, endpoint }, context);
}

/** Reads queues, one task each: all messages, unless `queue:visible`. */
export function readAll(
  metric: Metric<AzureQueueQuery>,
  names: readonly string[],
  signal: AbortSignal = never,
): Promise<readonly ReadingResult[]> {
  const queries = names.map((name, i) => {
    const [queue = "", count] = name.split(":");
    return {
      task: `task-${i}`,
      query: { queue, count: count === "visible" ? "visible" : "all" } as const,
    };
  });
  return metric.read(queries, signal);
}

/** Reads one queue. */
export async function readOne(
  metric: Metric<AzureQueueQuery>,
  name = "jobs",
  signal: AbortSignal = never,
): Promise<ReadingResult> {
  const [result] = await readAll(metric, [name], signal);
  if (result === undefined) throw new Error("expected one result, found none");
  return result;
}
