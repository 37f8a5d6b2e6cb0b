import {
  asMicroscalingError,
  MicroscalingError,
  parseDuration,
  withTimeLimit,
  type Metric,
  type PluginContext,
  type ReadingParts,
  type ReadingResult,
} from "@microscaling/core";
import { lateError } from "./answer.ts";
import { createHttpClient, type HttpClient } from "./http.ts";
import { ADDRESS_FORM, isAddress, type NsqOptions, type NsqQuery } from "./options.ts";
import { discoveredServers, fixedServers, type Servers } from "./servers.ts";
import { findQueue, indexStats, type Queue, type Stats } from "./stats.ts";

/** All queues at once, and nothing that costs nsqd more than counting. */
const STATS = "/stats?format=json&include_clients=false&include_mem=false";

/** What the engine waits unless it says so, in milliseconds. */
const TIMEOUT_MS = 2000;
/** With `partial`, an nsqd that has not answered after this part of it does not hold up the others. */
const PARTIAL_PART = 0.5;

/** Reads the depths of NSQ channels, with one request to each nsqd however many tasks there are. */
export function createNsqMetric(options: NsqOptions, context: PluginContext): Metric<NsqQuery> {
  const client = createHttpClient(options);
  const servers = serversOf(options, client, context);
  const report = createReporter(context);

  async function ask(address: string, signal: AbortSignal, ms: number): Promise<Answer> {
    const get = async (until: AbortSignal): Promise<Stats> =>
      indexStats(await client.getJson(address, STATS, until), address);
    const { clock } = context;
    const limit = { clock, ms, signal, late: lateError(address, ms) };
    try {
      return { address, stats: await (options.partial ? withTimeLimit(limit, get) : get(signal)) };
    } catch (error) {
      signal.throwIfAborted();
      return { address, error: asMicroscalingError(error, "ERR_METRIC_UNREACHABLE", address) };
    }
  }

  return {
    async read(queries, signal, timeoutMs = TIMEOUT_MS) {
      if (queries.length === 0) return [];
      const at = context.clock.now();
      const addresses = await servers.addresses(signal);
      const answers = await Promise.all(
        addresses.map((address) => ask(address, signal, Math.ceil(timeoutMs * PARTIAL_PART))),
      );
      const stats = usable(answers, servers, options.partial);
      report.answers(answers);
      return queries.map(({ query }) => {
        const result = readQueue(stats, query, at);
        if (result === undefined) report.missing(query, addresses);
        return result ?? nothing(at);
      });
    },
    async close() {
      servers.close();
      await client.close();
    },
  };
}

type Answer =
  | { readonly address: string; readonly stats: Stats }
  | { readonly address: string; readonly error: MicroscalingError };

function serversOf(options: NsqOptions, client: HttpClient, context: PluginContext): Servers {
  if (options.lookupd !== undefined) {
    const refreshMs = parseDuration(options.lookupdRefresh) ?? 60_000;
    return discoveredServers(options.lookupd, { refreshMs, client, context });
  }
  if (options.nsqd !== undefined) return fixedServers(options.nsqd);
  const address = process.env["NSQ_STATS_ENDPOINT"] || "127.0.0.1:4151";
  if (isAddress(address)) return fixedServers([address]);
  throw new MicroscalingError(
    "ERR_CONFIG_SETTING",
    `NSQ_STATS_ENDPOINT: expected ${ADDRESS_FORM}, found something else`,
  );
}

/** The statistics to add up. @throws MicroscalingError when they are not enough to make a sum of. */
function usable(answers: readonly Answer[], servers: Servers, isPartial: boolean): Stats[] {
  const stats = answers.flatMap((answer) => ("stats" in answer ? [answer.stats] : []));
  const errors = answers.flatMap((answer) => ("error" in answer ? [answer] : []));
  const missing = errors.filter(({ address }) => !servers.failed(address));
  const isEnough = stats.length > 0 && (isPartial || missing.length === 0);
  const [first] = missing.length > 0 ? missing : errors;
  if (isEnough || first === undefined) return stats;
  if (answers.length === 1) throw first.error;
  const { code, message } = first.error;
  throw new MicroscalingError(
    code,
    `${errors.length} of ${answers.length} nsqds gave no statistics: ${message}`,
    { cause: first.error, details: errors.map(({ error }) => error.message) },
  );
}

/** @returns `undefined` when no nsqd has the topic. */
function readQueue(
  stats: readonly Stats[],
  query: NsqQuery,
  at: number,
): ReadingResult | undefined {
  try {
    const queues = stats.flatMap((each) => findQueue(each, query) ?? []);
    if (queues.length === 0) return undefined;
    const paused = queues.find((queue) => queue.paused !== undefined);
    if (paused?.paused !== undefined) return { kind: "hold", reason: paused.paused };
    const ready = sum(queues, "depth") ?? 0;
    return { kind: "reading", value: ready, at, parts: { ready, ...otherParts(queues) } };
  } catch (error) {
    return {
      kind: "failure",
      error: asMicroscalingError(error, "ERR_METRIC_RESPONSE", `${query.topic}/${query.channel}`),
    };
  }
}

function otherParts(queues: readonly Queue[]): ReadingParts {
  const inFlight = sum(queues, "inFlight");
  const delayed = sum(queues, "delayed");
  const arrived = sum(queues, "arrived");
  return {
    ...(inFlight === undefined ? {} : { inFlight }),
    ...(delayed === undefined ? {} : { delayed }),
    ...(arrived === undefined ? {} : { arrived }),
  };
}

/** @returns `undefined` when one of them does not know. */
function sum(
  queues: readonly Queue[],
  part: "depth" | "inFlight" | "delayed" | "arrived",
): number | undefined {
  let total = 0;
  for (const queue of queues) {
    const n = queue[part];
    if (n === undefined) return undefined;
    total += n;
  }
  return total;
}

/** Nobody has published to the topic yet, which is as true a 0 as any. */
function nothing(at: number): ReadingResult {
  const parts = { ready: 0, inFlight: 0, delayed: 0, arrived: 0 };
  return { kind: "reading", value: 0, at, parts };
}

interface Reporter {
  /** Says which nsqds were left out of the sum, when that changes. */
  answers(answers: readonly Answer[]): void;
  /** Says once that a query's topic is nowhere. */
  missing(query: NsqQuery, addresses: readonly string[]): void;
}

function createReporter({ logger }: PluginContext): Reporter {
  const silent = new Set<string>();
  const missing = new Set<string>();
  return {
    answers(answers) {
      for (const answer of answers) {
        const { address } = answer;
        if ("stats" in answer) {
          if (silent.delete(address)) logger.info(`nsqd ${address} answers again`);
        } else if (!silent.has(address)) {
          silent.add(address);
          logger.warn(`nsqd ${address} is left out of the sums: ${answer.error.message}`);
        }
      }
    },
    missing({ topic, channel }, addresses) {
      const name = `${topic}/${channel}`;
      if (missing.has(name)) return;
      missing.add(name);
      logger.warn(`topic ${topic} of ${name} is on none of ${addresses.join(", ")}: read as 0`);
    },
  };
}
