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
 * All objects of one resource in one namespace, as the API server reports them. It uses one list and one watch, whatever the number of objects.
 */
export interface ListWatch<Item> {
  /** The objects by name, as the server last reported them. */
  readonly items: ReadonlyMap<string, Item>;
  /** Increases with every change of the items. */
  readonly version: number;
  /** Whether the items are up to date now. */
  readonly isTrusted: boolean;
  /** Cuts the watch and lists, because what is known from elsewhere does not fit. */
  doubt(): void;
  /**
   * Resolves when the items are up to date: they were listed, and the watch is open or was lost only a moment ago.
   * @throws MicroscalingError that says why they are not.
   */
  trusted(signal: AbortSignal): Promise<void>;
}

/** What to list and watch. */
export interface ListWatchTarget {
  /** The path without its query, such as `/apis/apps/v1/namespaces/default/deployments`. */
  readonly path: string;
  readonly group: string;
  /** `deployments` */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
  /** Whether to ask only for metadata, without spec and status. */
  readonly metadataOnly?: boolean;
}

/** What to list and watch, and what to keep. */
export interface ListWatchSpec<Item> extends ListWatchTarget {
  /** Reads the parts of an object to keep. A whole object has some kilobytes. */
  readonly reduce: (object: Fields) => Item;
  /** Called when an item is new, has changed or is gone. */
  readonly changed: (name: string, now: Item | undefined, before: Item | undefined) => void;
}

/** What a list-watch needs. */
export interface ListWatchContext {
  readonly connection: Pick<Connection, "ask" | "follow" | "renew">;
  readonly clock: Clock;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  /** Ends it. */
  readonly life: AbortSignal;
}

/** How long the items count as up to date after the watch was lost, in milliseconds. */
export const LOST_MS = 10_000;
/** The longest wait before the next attempt, in milliseconds, … */
export const BACKOFF_MS = 2000;
/** … and if the server forbids the request. */
export const FORBIDDEN_MS = 4000;
/** The longest random wait before a list, in milliseconds, so that agents that must all list again do not do so at the same time. */
export const RELIST_MS = 1000;
/** An empty list is believed if there was no other list for this long, in milliseconds. */
export const EMPTY_MS = 10_000;
/**
 * The server ends a watch after this many seconds. The next watch begins where the last one was, so it delivers whatever the last one kept
 * to itself.
 */
export const WATCH_SECONDS: readonly [least: number, most: number] = [5, 7];
/**
 * A watch that the server has not ended this long after its time is cut, in milliseconds, because nothing arrives any more. A list follows, because the
 * next watch may not be better.
 */
export const OVERDUE_MS = 1500;
/** A watch that ends sooner than this, in milliseconds, has failed. */
const SHORT_MS = 1000;

/**
 * Lists and watches until `life` aborts. The library's informer is not used: it stops for good at any error except a normal end and 410, does not say how
 * old its data is, and reads its watch with the library's own requests.
 */
export function createListWatch<Item>(
  spec: ListWatchSpec<Item>,
  { connection, clock, random, life }: ListWatchContext,
): ListWatch<Item> {
  const items = new Map<string, Item>();
  let version = 0;
  let resourceVersion: string | undefined;
  let listed = false;
  /** Since when no watch is open; `undefined` while one is. */
  let lostAt: number | undefined = clock.monotonic();
  let problem: MicroscalingError | undefined;
  let failures = 0;
  /** Since when lists have been empty although there were objects before. */
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

  /** A server with problems may send an empty list. @throws Error unless lists have been empty for a while. */
  function checkEmpty(count: number): void {
    if (count > 0 || items.size === 0) return void (emptySince = undefined);
    emptySince ??= clock.monotonic();
    if (clock.monotonic() - emptySince >= EMPTY_MS) return void (emptySince = undefined);
    throw new Error(`the list is empty, but there were ${items.size} objects before`);
  }

  /** Records that the items are up to date again. */
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

  /** @returns how long to wait before the next attempt, in milliseconds. */
  function lose(error: unknown): number {
    const failure = error instanceof ApiFailure ? error : failureOf(error);
    const isHidden = failure?.status === 403 && resourceVersion === undefined;
    lostAt = isHidden ? Number.NEGATIVE_INFINITY : (lostAt ?? clock.monotonic());
    // The last seen version is too old to continue from, or a list may be allowed although a watch is not.
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

/** The object of an ERROR event has the same form as the answer to a failed request. */
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
