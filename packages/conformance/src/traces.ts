// Finds what a plugin opens without the plugin: Node's own hooks know what caused each connection, timer and process.
import childProcess from "node:child_process";
import fs from "node:fs";
import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";

/** What one instance of a plugin has opened. */
export interface Traces {
  /** Runs `work` for the plugin: everything that it opens is traced, also later. */
  run<T>(work: () => T): T;
  /** Runs `work`, and also traces blocking calls such as `readFileSync`. */
  runBlocking<T>(work: () => T): T;
  /** The I/O that was begun so far, in words. */
  begun(): readonly string[];
  /** What is still open, in words. */
  open(): readonly string[];
  /** Lets the process end although something is open. */
  release(): void;
}

/** What Node calls a resource, and what people call it. Only these are I/O. */
const NAMES: Readonly<Record<string, string>> = {
  TCPWRAP: "a TCP connection",
  TCPSERVERWRAP: "a TCP server",
  PIPEWRAP: "a local connection or pipe",
  PIPESERVERWRAP: "a local server",
  UDPWRAP: "a UDP socket",
  PROCESSWRAP: "a child process",
  WORKER: "a worker thread",
  FSEVENTWRAP: "a watched file",
  STATWATCHER: "a watched file",
  FILEHANDLE: "a file",
  FSREQCALLBACK: "a file",
  FSREQPROMISE: "a file",
  GETADDRINFOREQWRAP: "a look-up of a host name",
  QUERYWRAP: "a look-up of a host name",
};
/** These end by themselves, so that they are never left open. */
const PASSING = /^(FSREQ|GETADDRINFO|QUERYWRAP)/;

interface Found {
  readonly type: string;
  readonly resource: WeakRef<object>;
}

const current = new AsyncLocalStorage<Map<number, Found>>();
const owners = new Map<number, Map<number, Found>>();
const begunBy = new WeakMap<Map<number, Found>, string[]>();

const hook = createHook({
  init(id, type, _, resource) {
    const open = current.getStore();
    if (open === undefined || (NAMES[type] === undefined && type !== "Timeout")) return;
    if (type !== "Timeout") begunBy.get(open)?.push(NAMES[type] ?? type);
    if (PASSING.test(type)) return;
    open.set(id, { type, resource: new WeakRef(resource) });
    owners.set(id, open);
  },
  destroy(id) {
    owners.get(id)?.delete(id);
    owners.delete(id);
  },
});

/** Begins to trace one instance of a plugin. */
export function createTraces(): Traces {
  hook.enable();
  const open = new Map<number, Found>();
  const begun: string[] = [];
  begunBy.set(open, begun);
  const left = (): { type: string; resource: object }[] =>
    [...open.values()].flatMap(({ type, resource }) => {
      const found = resource.deref();
      return found === undefined || !isLeft(type, found) ? [] : [{ type, resource: found }];
    });
  return {
    run: (work) => current.run(open, work),
    runBlocking: (work) => current.run(open, () => blocking(begun, work)),
    begun: () => begun,
    open: () => left().map(({ type, resource }) => describe(type, resource)),
    release() {
      for (const { resource } of left()) call(resource, "unref");
    },
  };
}

/** A timer that holds nobody up and fires once is a library's own affair: connection pools have some. */
function isLeft(type: string, resource: object): boolean {
  if (type !== "Timeout") return true;
  return call(resource, "hasRef") === true || typeof Reflect.get(resource, "_repeat") === "number";
}

function describe(type: string, resource: object): string {
  if (type === "Timeout") return `a timer of ${String(Reflect.get(resource, "_idleTimeout"))} ms`;
  const name = NAMES[type] ?? type;
  if (type === "PROCESSWRAP") return `${name} (pid ${String(Reflect.get(resource, "pid"))})`;
  const peer: { address?: string; port?: number } = {};
  if (type === "TCPWRAP") call(resource, "getpeername", peer);
  return peer.address === undefined ? name : `${name} to ${peer.address}:${peer.port}`;
}

function call(resource: object, method: string, ...args: readonly unknown[]): unknown {
  const found: unknown = Reflect.get(resource, method);
  try {
    return typeof found === "function" ? Reflect.apply(found, resource, args) : undefined;
  } catch {
    // A handle that is closed already.
    return undefined;
  }
}

/** Notes each call of a function whose name ends with `Sync` while `work` runs, which has no hook of its own. */
function blocking<T>(begun: string[], work: () => T): T {
  const restores = [fs, childProcess].flatMap((module: object) =>
    Object.entries(module)
      .filter(([name, value]) => name.endsWith("Sync") && typeof value === "function")
      .map(([name, original]: [string, unknown]) => {
        const noted = (...args: unknown[]): unknown => {
          begun.push(name);
          return typeof original === "function"
            ? (Reflect.apply(original, module, args) as unknown)
            : undefined;
        };
        Reflect.set(module, name, noted);
        return () => void Reflect.set(module, name, original);
      }),
  );
  syncBuiltinESMExports();
  try {
    return work();
  } finally {
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  }
}

const made = new WeakMap<object, Traces>();

/** The same object, each of whose methods runs in the name of `traces`. */
export function traced<T extends object>(whole: T, traces: Traces): T {
  const proxy = new Proxy(whole, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown =>
        traces.run((): unknown => Reflect.apply(value, target, args));
    },
  });
  made.set(proxy, traces);
  return proxy;
}

/** The traces of what {@link traced} gave. */
export function tracesOf(whole: object): Traces {
  return made.get(whole) ?? createTraces();
}
