import {
  isMicroscalingError,
  MicroscalingError,
  untilAborted,
  withTimeLimit,
  type Clock,
} from "@microscaling/core";
import { type Fields, memberIn, objectsIn, textIn } from "@microscaling/plugin-kit";

import { ApiFailure, failureOf } from "./errors.ts";
import type { ApiRequest, Connection } from "./connection.ts";

/**
 * All objects of one resource in one namespace, as the API server told them. One list, then one watch, whatever the number of objects.
 */
export interface ListWatch<Item> {
  /** By name. As of the last word from the server. */
  readonly items: ReadonlyMap<string, Item>;
  /** Goes up with every change of the items. */
  readonly version: number;
  /** Whether the items are facts now. */
  readonly isTrusted: boolean;
  /** Cuts the watch and lists, because what is known from elsewhere does not fit. */
  doubt(): void;
  /**
   * Resolves when the items are facts: they were listed, and the watch stands or was lost a moment ago.
   * @throws MicroscalingError that says why they are none.
   */
  trusted(signal: AbortSignal): Promise<void>;
}

/** What to list and watch. */
export interface ListWatchTarget {
  /** Without its query: `/apis/apps/v1/namespaces/default/deployments`. */
  readonly path: string;
  readonly group: string;
  /** `deployments` */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
  /** The objects come without their spec and status. */
  readonly metadataOnly?: boolean;
}

/** What to list and watch, and what to keep of it. */
export interface ListWatchSpec<Item> extends ListWatchTarget {
  /** What is kept of an object. A whole one is some kilobytes. */
  readonly reduce: (object: Fields) => Item;
  /** An item is new, is another or is gone. */
  readonly changed: (name: string, now: Item | undefined, before: Item | undefined) => void;
}

/** What a list-watch needs. */
export interface ListWatchContext {
  readonly connection: Pick<Connection, "ask" | "follow" | "renew">;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Ends it. */
  readonly life: AbortSignal;
}

/** The items stay facts for so long after the watch was lost, in milliseconds. */
export const LOST_MS = 10_000;
/** The longest wait before the next attempt, in milliseconds, … */
export const BACKOFF_MS = 2000;
/** … and when the server forbids it. */
export const FORBIDDEN_MS = 4000;
/** Agents that were all told to list again do not do so at the same time: each waits up to so long, in milliseconds. */
export const RELIST_MS = 1000;
/** A list without items is believed when no other list has come for so long, in milliseconds. */
export const EMPTY_MS = 10_000;
/**
 * The server ends a watch after so many seconds. The next watch begins where the last one was, so it brings whatever the last one kept
 * to itself.
 */
export const WATCH_SECONDS: readonly [least: number, most: number] = [5, 7];
/**
 * A watch that the server has not ended so long after its time is cut, in milliseconds: nothing comes through any more. A list follows,
 * since the next watch may be no better.
 */
export const OVERDUE_MS = 1500;
/** A watch that ended sooner than this has failed, in milliseconds. */
const SHORT_MS = 1000;

/**
 * Starts to list and watch, and goes on until `life` aborts. The library's informer is not used: it stops for good at any error but a
 * quiet end and 410, says nothing of how old what it has is, and reads its watch by way of the library's own requests.
 */
export function createListWatch<Item>(
  spec: ListWatchSpec<Item>,
  { connection, clock, random, life }: ListWatchContext,
): ListWatch<Item> {
  const items = new Map<string, Item>();
  let version = 0;
  let resourceVersion: string | undefined;
  let listed = false;
  /** Since when no watch stands; `undefined` while one does. */
  let lostAt: number | undefined = clock.monotonic();
  let problem: MicroscalingError | undefined;
  let failures = 0;
  /** Since when lists have said that nothing is there, although something was. */
  let emptySince: number | undefined;
  /** Cuts the watch. */
  let cut: (() => void) | undefined;
  let outcome = Promise.withResolvers<void>();

  function put(name: string, now: Item | undefined): void {
    const before = items.get(name);
    if (now === undefined) items.delete(name);
    else items.set(name, now);
    version += 1;
    spec.changed(name, now, before);
  }

  async function list(): Promise<void> {
    const answer = readList(await connection.ask(request(spec, "list", {}), life));
    checkEmpty(answer.items.length);
    const gone = new Set(items.keys());
    for (const object of answer.items) {
      const name = nameOf(object);
      gone.delete(name);
      put(name, spec.reduce(object));
    }
    for (const name of gone) put(name, undefined);
    ({ resourceVersion } = answer);
    listed = true;
    found();
  }

  /** A server in trouble may say that nothing is there. @throws Error unless it has said so for a while. */
  function checkEmpty(count: number): void {
    if (count > 0 || items.size === 0) return void (emptySince = undefined);
    emptySince ??= clock.monotonic();
    if (clock.monotonic() - emptySince >= EMPTY_MS) return void (emptySince = undefined);
    throw new Error(`the list is empty, but there were ${items.size} objects before`);
  }

  /** The items are facts again. */
  function found(): void {
    lostAt = undefined;
    problem = undefined;
    tell();
  }

  function tell(): void {
    outcome.resolve();
    outcome = Promise.withResolvers();
  }

  async function watch(): Promise<void> {
    const [least, most] = WATCH_SECONDS;
    const timeoutSeconds = least + Math.round(random() * (most - least));
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: resourceVersion ?? "",
      timeoutSeconds,
    };
    const startedAt = clock.monotonic();
    const late = new Error("the watch did not end in time");
    const doubted = Promise.withResolvers<void>();
    cut = () => doubted.reject(late);
    const limit = { clock, ms: timeoutSeconds * 1000 + OVERDUE_MS, signal: life, late };
    const follow = async (signal: AbortSignal): Promise<void> => {
      const events = await connection.follow(request(spec, "watch", query), signal);
      found();
      for await (const event of events) {
        signal.throwIfAborted();
        take(event);
        failures = 0;
      }
    };
    try {
      await withTimeLimit(limit, (signal) =>
        Promise.race([doubted.promise, untilAborted(signal, follow(signal))]),
      );
    } catch (error) {
      if (error !== late) throw error;
      resourceVersion = undefined;
      connection.renew();
      return;
    } finally {
      cut = undefined;
    }
    if (clock.monotonic() - startedAt < SHORT_MS) throw new Error("the watch ended at once");
  }

  function take(event: unknown): void {
    const { type, object } = readEvent(event);
    if (type === "ERROR") throw toFailure(object);
    resourceVersion = readVersion(object) ?? resourceVersion;
    if (type === "BOOKMARK") return;
    put(nameOf(object), type === "DELETED" ? undefined : spec.reduce(object));
  }

  async function run(): Promise<void> {
    while (!life.aborted) {
      try {
        if (resourceVersion === undefined) await list();
        await watch();
        failures = 0;
      } catch (error) {
        if (life.aborted) break;
        await clock.sleep(lose(error), life).catch(() => {});
      }
    }
    problem ??= new MicroscalingError("ERR_SCHEDULER_UNREACHABLE", "the scheduler is closed");
    lostAt ??= clock.monotonic();
    tell();
  }

  /** @returns how long to wait before the next try, in milliseconds. */
  function lose(error: unknown): number {
    const failure = error instanceof ApiFailure ? error : failureOf(error);
    const isHidden = failure?.status === 403 && resourceVersion === undefined;
    lostAt = isHidden ? Number.NEGATIVE_INFINITY : (lostAt ?? clock.monotonic());
    // What was seen last is too old to go on from, or a list may be allowed where a watch is not.
    if (failure?.status === 410 || failure?.status === 403) resourceVersion = undefined;
    if (failure?.status === 410) return random() * RELIST_MS;
    failures += 1;
    problem = toProblem(error, spec);
    tell();
    const mostMs = failure?.status === 403 ? FORBIDDEN_MS : BACKOFF_MS;
    const waitMs = Math.min(mostMs, 250 * 2 ** (failures - 1)) * (0.5 + random() / 2);
    return Math.max(waitMs, failure?.retryAfterMs ?? 0);
  }

  const isTrusted = (): boolean =>
    listed && (lostAt === undefined || clock.monotonic() - lostAt <= LOST_MS);

  async function trusted(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (isTrusted()) return;
      if (problem !== undefined) throw problem;
      await untilAborted(signal, outcome.promise);
    }
  }

  void run();
  return {
    items,
    get version() {
      return version;
    },
    get isTrusted() {
      return isTrusted();
    },
    doubt: () => cut?.(),
    trusted,
  };
}

const METADATA = {
  list: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  watch: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
};

function request(
  { path, group, resource, namespace, fieldSelector, metadataOnly }: ListWatchTarget,
  verb: "list" | "watch",
  query: Readonly<Record<string, string | number | boolean>>,
): ApiRequest {
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  return {
    doing: `${verb} ${resource}${where}`,
    access: { verb, group, resource, namespace },
    path,
    query: { ...query, ...(fieldSelector && { fieldSelector }) },
    ...(metadataOnly === true && { accept: METADATA[verb] }),
  };
}

function readList(answer: unknown): { items: readonly Fields[]; resourceVersion: string } {
  const resourceVersion = readVersion(answer);
  if (resourceVersion !== undefined) return { items: objectsIn(answer, "items"), resourceVersion };
  throw new Error("expected a list of objects, found something else");
}

function readEvent(event: unknown): { type: string; object: Fields } {
  const type = textIn(event, "type");
  if (type !== undefined) return { type, object: memberIn(event, "object") };
  throw new Error("expected an event of a watch, found something else");
}

function readVersion(object: unknown): string | undefined {
  const version = textIn(memberIn(object, "metadata"), "resourceVersion");
  return version === "" ? undefined : version;
}

function nameOf(object: Fields): string {
  const name = textIn(memberIn(object, "metadata"), "name");
  if (name !== undefined) return name;
  throw new Error("expected an object with a name, found one without");
}

/** The object of an ERROR event is the same that a failed request is answered with. */
function toFailure(status: Fields): ApiFailure {
  return new ApiFailure({ status: Number(status["code"]), body: JSON.stringify(status) });
}

function toProblem(error: unknown, { resource }: ListWatchTarget): MicroscalingError {
  if (isMicroscalingError(error)) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new MicroscalingError(
    "ERR_SCHEDULER_UNREACHABLE",
    `the watch of ${resource} was lost (${words}); starting it again`,
    { cause: error },
  );
}
