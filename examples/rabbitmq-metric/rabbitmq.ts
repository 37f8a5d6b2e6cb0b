import { API_VERSION, defineMetric, type MetricPlugin } from "@microscaling/core";
import {
  basicAuth,
  count,
  createHttpClient,
  createQueueMetric,
  httpUrl,
  tlsFiles,
} from "@microscaling/plugin-kit";
import * as z from "zod";

const options = z.strictObject({
  url: httpUrl("URL of RabbitMQ's management API.").default("http://localhost:15672"),
  auth: basicAuth("A user with the tag `monitoring`.").optional(),
  tls: tlsFiles("PEM files for HTTPS.").optional(),
});
const query = z.strictObject({
  queue: z.string().min(1).describe("The queue's name."),
  vhost: z.string().min(1).default("/").describe("The virtual host."),
});
const answer = z.object({ messages_ready: count(), messages_unacknowledged: count() });

/** Queues in RabbitMQ, by its management API. */
const plugin: MetricPlugin<z.infer<typeof options>, z.infer<typeof query>> = defineMetric({
  name: "rabbitmq",
  apiVersion: API_VERSION,
  options,
  query,
  capabilities: { watch: false, parts: ["ready", "inFlight"] },
  defaultIntervalMs: 1000,
  create({ url, auth, tls }, context) {
    const client = createHttpClient({ of: "metric", clock: context.clock, auth, tls });
    return createQueueMetric(context, {
      server: url,
      nameOf: ({ vhost, queue }) => `queue ${queue} of ${vhost}`,
      async ask([{ vhost, queue }], { signal, at }) {
        const path = `/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
        const missing = "no such queue. Create it, or correct `queue` and `vhost`";
        const found = await client.getJson({ address: url, path, schema: answer, missing }, signal);
        const { messages_ready: ready, messages_unacknowledged: inFlight } = found;
        return { kind: "reading", value: ready, at, parts: { ready, inFlight } };
      },
      close: () => client.close(),
    });
  },
});

export default plugin;
