import { asMicroscalingError, MicroscalingError } from "@microscaling/core";
import type { Metric, PluginContext, ReadingResult } from "@microscaling/core";
import { answerMs, createHttpClient, createSayOnce, fromEnv } from "@microscaling/plugin-kit";
import { HTTP_ADDRESS_FORM, isHttpAddress, orFailure } from "@microscaling/plugin-kit";
import { createServers, type Servers } from "./client.ts";
import { indexStats, readQueue, topics, type Stats } from "./counts.ts";
import type { Options, Query } from "./options.ts";

/** Asks for all queues at once, and for nothing that costs nsqd more than counting. */
const STATS = "/stats?format=json&include_clients=false&include_mem=false";

const FROM_ENV = ["NSQ_STATS_ENDPOINT", HTTP_ADDRESS_FORM, isHttpAddress] as const;

type Answer = Stats | Failed;
type Failed = { readonly address: string; readonly error: MicroscalingError };

/** Reads the depths of NSQ channels, with one request to each nsqd however many tasks there are. */
export function createMetric(options: Options, context: PluginContext): Metric<Query> {
  const { nsqd, lookupd, partial } = options;
  const client = createHttpClient({ of: "metric", ...context, ...options });
  const fixed = lookupd ? [] : (nsqd ?? [fromEnv(...FROM_ENV) ?? "127.0.0.1:4151"]);
  const servers = createServers(fixed, options, { ...context, client });
  const say = createSayOnce(context.logger);

  async function ask(address: string, signal: AbortSignal, ms: number): Promise<Answer> {
    try {
      const request = { address, path: STATS, schema: topics, timeoutMs: ms };
      const stats = indexStats((await client.getJson(request, signal)).topics, address);
      say.over(address, `nsqd ${address} answers again`);
      return stats;
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asMicroscalingError(thrown, "ERR_METRIC_RESPONSE", address);
      if (partial) say.warn(address, `this nsqd is left out of the sums: ${error.message}`);
      return { address, error };
    }
  }

  function resultOf(query: Query, stats: readonly Stats[], at: number): ReadingResult {
    const queue = `${query.topic}/${query.channel}`;
    const where = stats.map(({ address }) => address).join(", ");
    if (!stats.some(({ found }) => found.has(query.topic)))
      say.warn(queue, `topic ${query.topic} of ${queue} does not exist on ${where}: read as 0`);
    return orFailure(queue, () => readQueue(stats, query, at));
  }

  return {
    async read(queries, signal, timeoutMs) {
      if (queries.length === 0) return [];
      const at = context.clock.now();
      const addresses = await servers.addresses(signal);
      const ms = answerMs(timeoutMs);
      const answers = await Promise.all(addresses.map((address) => ask(address, signal, ms)));
      const stats = usable(answers, servers, partial);
      return queries.map(({ query }) => resultOf(query, stats, at));
    },
    close() {
      servers.close();
      return client.close();
    },
  };
}

/** The statistics to add up. @throws MicroscalingError if they are not enough for a sum. */
function usable(answers: readonly Answer[], servers: Servers, isPartial: boolean): Stats[] {
  const stats = answers.filter((answer) => "found" in answer);
  const failed = answers.filter((answer) => "error" in answer);
  const missing = failed.filter(({ address }) => !servers.failed(address));
  const [first] = missing.length > 0 ? missing : failed;
  const isEnough = stats.length > 0 && (isPartial || missing.length === 0);
  if (first === undefined || isEnough) return stats;
  if (answers.length === 1) throw first.error;
  const { code, message } = first.error;
  const summary = `${failed.length} of ${answers.length} nsqds gave no statistics: ${message}`;
  throw new MicroscalingError(code, summary, { details: failed.map((one) => one.error.message) });
}
