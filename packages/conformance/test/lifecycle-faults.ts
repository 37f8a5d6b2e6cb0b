import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";

import { MicroscalingError, type Clock, type ErrorCode, type Logger } from "@microscaling/core";

/** Faults of opening and closing that a scheduler and a metric can have alike. */

interface Closable {
  readonly close: () => Promise<void>;
}

export const never = <T>(): Promise<T> => new Promise<T>(() => {});

/** Never closes unless `method` was called before. */
export function closesOnlyWhatWasUsed<Args extends readonly unknown[], Answer>(
  good: Closable,
  call: (...args: Args) => Answer,
): { call: (...args: Args) => Answer; close: () => Promise<void> } {
  let used = false;
  return {
    call: (...args) => {
      used = true;
      return call(...args);
    },
    close: () => (used ? good.close() : never()),
  };
}

/** Fails the second time. */
export function closesOnce<Whole extends Closable>(good: Whole): Whole {
  let closed = false;
  return {
    ...good,
    close: async () => {
      if (closed) throw new Error("closed already");
      closed = true;
    },
  };
}

/** Cannot be made without its backend. */
export function connectsWhenMade<Whole>(good: Whole, down: boolean | undefined): Whole {
  if (down === true) throw new Error("cannot connect");
  return good;
}

/** The test of what is left open. */
export const LEAVES_NOTHING =
  "lifecycle: leaves nothing behind when it is closed: no connection, timer or process";

/** Ways to do I/O too early. */
export const hastyWays: readonly (readonly [
  what: string,
  work: () => void,
  ...alsoFails: string[],
])[] = [
  ["reads a file when it is made", () => void readFileSync(import.meta.filename)],
  [
    "opens a file a moment after it was made",
    () => void Promise.resolve().then(() => readFile(import.meta.filename)),
  ],
  ["connects to its backend when it is made", () => leave(connectToNobody()), LEAVES_NOTHING],
];

const left: (() => void)[] = [];
const leave = (end: () => void): void => void left.push(end);

/** Ends what broken plugins have left open. */
export function endAllLeft(): void {
  for (const end of left.splice(0)) end();
}

// Not the plugin's: it listens before there is one.
const server = createServer((socket) => socket.unref())
  .listen(0, "127.0.0.1")
  .unref();

function connectToNobody(): () => void {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  return () => void socket.destroy();
}

/** Ways to leave something behind; each is done once a call is made. */
export const untidyWays: readonly (readonly [what: string, work: (clock: Clock) => void])[] = [
  ["leaves a connection open", () => leave(connectToNobody())],
  [
    "leaves a server open",
    () => {
      const own = createServer().listen(0, "127.0.0.1");
      leave(() => void own.close());
    },
  ],
  [
    "leaves a timer",
    () => {
      const timer = setTimeout(() => {}, 3_600_000);
      leave(() => clearTimeout(timer));
    },
  ],
  [
    "polls on, even if that holds nobody up",
    () => {
      const timer = setInterval(() => {}, 1000).unref();
      leave(() => clearInterval(timer));
    },
  ],
  [
    "leaves a child process",
    () => {
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
      leave(() => void child.kill("SIGKILL"));
    },
  ],
  ["sleeps on", (clock) => void clock.sleep(3_600_000)],
];

/** The error of a backend that fails, and what is logged of it, which tell more than they should. */
export const tellingWays: readonly (readonly [
  what: string,
  tell: (code: ErrorCode, password: string, logger: Logger) => MicroscalingError,
])[] = [
  [
    "tells its password in an error",
    (code, password) => new MicroscalingError(code, `cannot log in with ${password}`),
  ],
  [
    "tells its password in an error's details",
    (code, password) => new MicroscalingError(code, "no", { details: [`with ${password}`] }),
  ],
  [
    "hides its password in what caused an error",
    (code, password) => {
      const cause = Object.assign(new Error("no"), { request: { headers: { password } } });
      return new MicroscalingError(code, "cannot log in", { cause });
    },
  ],
  [
    "logs its password",
    (code, password, logger) => {
      logger.warn("cannot log in", { password });
      return new MicroscalingError(code, "cannot log in");
    },
  ],
  [
    "tells a URL with a query",
    (code) => new MicroscalingError(code, "GET http://127.0.0.1:80/stats?token=abc failed"),
  ],
  [
    "tells a URL with credentials",
    (code) => new MicroscalingError(code, "http://me:abc@127.0.0.1:80 cannot be reached"),
  ],
];
