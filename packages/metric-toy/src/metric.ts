import { open } from "node:fs/promises";
import {
  asMicroscalingError,
  MicroscalingError,
  type Metric,
  type PluginContext,
  type ReadingResult,
} from "@microscaling/core";
import type { Query } from "./options.ts";

/** The longest text that a number can have, in bytes. The plugin reads no more than this, whatever the file is. */
const MAX_BYTES = 64;

/** Reads numbers from the config, or from the files that the config names. */
export function createMetric({ clock }: PluginContext): Metric<Query> {
  async function readOne({ value, file }: Query): Promise<ReadingResult> {
    const at = clock.now();
    if (file === undefined) return { kind: "reading", value: value ?? 0, at };
    try {
      return { kind: "reading", value: await readNumber(file), at };
    } catch (error) {
      return { kind: "failure", error: asMicroscalingError(error, "ERR_METRIC_UNREACHABLE", file) };
    }
  }

  return {
    async read(queries, signal) {
      signal.throwIfAborted();
      return Promise.all(queries.map(({ query }) => readOne(query)));
    },
    close: () => Promise.resolve(),
  };
}

async function readNumber(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const text = buffer.toString("utf8", 0, bytesRead).trim();
    const value = text === "" || bytesRead === MAX_BYTES ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    const found = text === "" ? "nothing" : JSON.stringify(text.slice(0, 20));
    throw new MicroscalingError(
      "ERR_METRIC_RESPONSE",
      `${path}: expected one finite number ≥ 0, found ${found}`,
    );
  } finally {
    await file.close();
  }
}
