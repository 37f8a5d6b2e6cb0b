import { readdir } from "node:fs/promises";
import {
  API_VERSION,
  asMicroscalingError,
  defineMetric,
  type MetricPlugin,
  type ReadingResult,
} from "@microscaling/core";
import * as z from "zod";

/** What a task writes under `metric:` to say which folder is its queue. */
const query = z.strictObject({ folder: z.string().min(1).describe("Each file in it is a job.") });

/** A queue that is a folder: every file in it is a job that waits. */
const plugin: MetricPlugin<object, z.infer<typeof query>> = defineMetric({
  name: "spool",
  apiVersion: API_VERSION,
  options: z.strictObject({}),
  query,
  capabilities: { watch: false, parts: ["ready"] },
  defaultIntervalMs: 500,
  create(_options, { clock }) {
    async function count(folder: string): Promise<ReadingResult> {
      const at = clock.now();
      try {
        const { length } = await readdir(folder);
        return { kind: "reading", value: length, at, parts: { ready: length } };
      } catch (error) {
        return {
          kind: "failure",
          error: asMicroscalingError(error, "ERR_METRIC_UNREACHABLE", folder),
        };
      }
    }
    return {
      async read(queries, signal) {
        signal.throwIfAborted();
        return Promise.all(queries.map((one) => count(one.query.folder)));
      },
      close: () => Promise.resolve(),
    };
  },
});

export default plugin;
