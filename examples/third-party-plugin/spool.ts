import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import { createQueueMetric, faultError, text } from "@microscaling/plugin-kit";
import * as z from "zod";

/** What stands under `metrics:` in the config. */
const options = z.strictObject({
  root: z.string().min(1).describe("The folder that all queues are in."),
});

/** What stands under a task's `metric:`. */
const query = z.strictObject({
  folder: text("The queue. Each file in it is a job.", "a folder's name", /^[\w-]+$/),
});

/** Queues that are folders. */
const plugin: MetricPlugin<z.infer<typeof options>, z.infer<typeof query>> = defineMetric({
  name: "spool",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready"] },
  defaultIntervalMs: 500,
  create({ root }, context) {
    return createQueueMetric(context, {
      server: root,
      nameOf: ({ folder }) => `folder ${folder}`,
      async ask([{ folder }], { at }) {
        const ready = await count(join(root, folder));
        return { kind: "reading", value: ready, at, parts: { ready } };
      },
    });
  },
});

export default plugin;

async function count(path: string): Promise<number> {
  try {
    return (await readdir(path)).length;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isMissing) throw error;
    const words = "no such folder. Create it, or correct `folder` and `root`";
    throw faultError("metric", path, { kind: "missing", text: words });
  }
}
