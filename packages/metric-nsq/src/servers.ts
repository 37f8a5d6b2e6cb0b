import {
  asMicroscalingError,
  MicroscalingError,
  withTimeLimit,
  type PluginContext,
} from "@microscaling/core";
import { excerpt, lateError, listIn, unusable, unwrap } from "./answer.ts";
import type { HttpClient } from "./http.ts";

/** The nsqds to add up. */
export interface Servers {
  /** Their addresses. */
  addresses(signal: AbortSignal): Promise<readonly string[]>;
  /** Is told of one that failed. @returns whether it is none of the servers any more, so that its failure does not matter. */
  failed(address: string): boolean;
  close(): void;
}

/** A refresh in the background is given up after this many milliseconds. */
const REFRESH_WAIT_MS = 10_000;

/** Always the same ones. */
export function fixedServers(addresses: readonly string[]): Servers {
  return { addresses: () => Promise.resolve(addresses), failed: () => false, close: () => {} };
}

/**
 * Those that nsqlookupds know. The first call waits for them; later ones refresh in the background, when it is time or when an nsqd
 * has failed. An nsqd that is no longer listed counts until it fails too: an nsqlookupd that was restarted knows none for a while.
 */
export function discoveredServers(
  lookupds: readonly string[],
  { refreshMs, client, context }: { refreshMs: number; client: HttpClient; context: PluginContext },
): Servers {
  const { clock, logger } = context;
  const lifetime = new AbortController();
  const said = new Map<string, readonly string[]>();
  const silent = new Set<string>();
  const known = new Set<string>();
  let refreshedAt = 0;
  let isDue = false;
  let isRefreshing = false;

  const isListed = (address: string): boolean => [...said.values()].flat().includes(address);

  async function ask(lookupd: string, signal: AbortSignal): Promise<MicroscalingError | undefined> {
    try {
      const answer = await client.getJson(lookupd, "/nodes", signal);
      said.set(lookupd, nodes(answer, lookupd));
      silent.delete(lookupd);
      return undefined;
    } catch (caught) {
      signal.throwIfAborted();
      const error = asMicroscalingError(caught, "ERR_METRIC_UNREACHABLE", lookupd);
      if (!silent.has(lookupd)) logger.warn(`nsqlookupd does not help: ${error.message}`);
      silent.add(lookupd);
      return error;
    }
  }

  async function refresh(signal: AbortSignal): Promise<void> {
    refreshedAt = clock.monotonic();
    isDue = false;
    const errors = await Promise.all(lookupds.map((lookupd) => ask(lookupd, signal)));
    for (const address of [...said.values()].flat()) known.add(address);
    if (known.size > 0) return;
    const error = errors.find((each) => each !== undefined);
    throw (
      error ?? unusable(lookupds.join(", "), "nsqlookupd to know at least one nsqd, found none")
    );
  }

  async function refreshInBackground(): Promise<void> {
    isRefreshing = true;
    const { signal } = lifetime;
    const late = lateError("nsqlookupd", REFRESH_WAIT_MS);
    // What failed was logged; the servers stay as they are.
    await withTimeLimit({ clock, ms: REFRESH_WAIT_MS, signal, late }, refresh).catch(() => {});
    isRefreshing = false;
  }

  return {
    async addresses(signal) {
      if (known.size === 0) await refresh(signal);
      else if (!isRefreshing && (isDue || clock.monotonic() - refreshedAt >= refreshMs)) {
        void refreshInBackground();
      }
      return [...known];
    },
    failed(address) {
      isDue = true;
      return !isListed(address) && known.delete(address);
    },
    close: () => lifetime.abort(),
  };
}

/** The HTTP addresses of the nsqds in an nsqlookupd's answer. */
function nodes(answer: unknown, lookupd: string): string[] {
  return listIn(unwrap(answer), "producers", "nsqlookupd's nodes", lookupd).map((node) => {
    const { broadcast_address: host, http_port: port } = node;
    if (typeof host !== "string" || typeof port !== "number") {
      const found = `${excerpt(host)} and ${excerpt(port)}`;
      throw unusable(
        lookupd,
        `\`broadcast_address\` and \`http_port\` of each node, found ${found}`,
      );
    }
    return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  });
}
