import { onTestFinished } from "vitest";
import type { Metric, PluginContext, ReadingResult } from "@microscaling/core";
import plugin, { type NsqQuery } from "../src/index.ts";
import { createContext } from "./fake-server.ts";

const never = new AbortController().signal;

/** The queue that most tests read. */
export const demo: NsqQuery = { topic: "demo", channel: "work" };

/** A metric from options as they are written; it is closed when the test ends. */
export async function makeMetric(
  written: unknown,
  context: PluginContext = createContext(),
): Promise<Metric<NsqQuery>> {
  const checked = await plugin.options["~standard"].validate(written);
  if (checked.issues !== undefined) throw new Error(checked.issues[0]?.message);
  const metric = plugin.create(checked.value, context);
  onTestFinished(() => metric.close());
  return metric;
}

/** Reads one queue. */
export async function readOne(
  metric: Metric<NsqQuery>,
  query: NsqQuery = demo,
  signal: AbortSignal = never,
): Promise<ReadingResult> {
  const [result] = await metric.read([{ task: "worker", query }], signal);
  if (result === undefined) throw new Error("expected one result, found none");
  return result;
}
