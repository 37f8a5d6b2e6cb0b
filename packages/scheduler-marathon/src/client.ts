import { MicroscalingError, type PluginContext } from "@microscaling/core";

import { createConnection, type Exchange, type Opened } from "./connection.ts";
import { createCredentials } from "./credentials.ts";
import { toError, type Answer } from "./errors.ts";
import { createMasters } from "./masters.ts";
import type { MarathonOptions } from "./options.ts";

/** Asks a Marathon, whichever of its masters answers. */
export interface Client {
  /**
   * Any answer, refusals included. When a master cannot be reached, or cannot reach its leader, the next one is asked.
   * @throws MicroscalingError `ERR_SCHEDULER_UNREACHABLE` or `ERR_SCHEDULER_REFUSED` when none answers; the signal's reason when it aborts.
   */
  ask(request: Ask, signal: AbortSignal): Promise<Answer>;
  /** The event stream. @throws as {@link Client.ask}, and when there is no stream. */
  open(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Ends what is under way. Idempotent. */
  close(): Promise<void>;
}

/** What is asked. */
export interface Ask {
  readonly method: Exchange["method"];
  readonly path: string;
  readonly body?: object;
  /** Asking twice would do it twice, so only one master is asked. */
  readonly isOnce?: boolean;
}

/** By these a master says that it has no leader to ask, or none that is ready. */
const LEADERLESS: ReadonlySet<number> = new Set([502, 503, 504]);
const LOGIN = "/acs/api/v1/auth/login";
const MAX_REDIRECTS = 3;

/** Makes a client. Connects when it is first asked. */
export function createClient(options: MarathonOptions, context: PluginContext): Client {
  const connection = createConnection(options.tls);
  const masters = createMasters(options.url, context);
  const credentials = createCredentials(options, { clock: context.clock, login });

  function login(url: string | undefined, body: string, outer: AbortSignal): Promise<Answer> {
    const send = (at: string, signal: AbortSignal): Promise<Answer> =>
      connection.exchange(at, { method: "POST", url: at, body, signal });
    if (url !== undefined) return send(url, outer);
    return masters.first(
      (master, signal) => send(new URL(LOGIN, master).href, signal),
      outer,
      isLeaderless,
    );
  }

  /** Sends with credentials, and once more with fresh ones when they are refused. */
  async function authorised<T>(
    signal: AbortSignal,
    statusOf: (answer: T) => number,
    send: (authorization: string | undefined) => Promise<T>,
  ): Promise<T> {
    const used = await credentials.header(signal);
    const answer = await send(used);
    if (statusOf(answer) !== 401 || !credentials.refused(used)) return answer;
    return send(await credentials.header(signal));
  }

  /** Streams are opened at the leader itself: the others say where that is. */
  async function openAt(
    master: string,
    url: string,
    authorization: string | undefined,
    signal: AbortSignal,
  ): Promise<Opened> {
    let at = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const exchange: Exchange = { method: "GET", url: at, authorization, signal };
      const opened = await connection.open(master, exchange);
      if (!("redirect" in opened)) return opened;
      at = new URL(opened.redirect, at).href;
      if (authorization !== undefined && !isOurs(at)) throw strangeLeader(master, at);
    }
    throw new MicroscalingError(
      "ERR_SCHEDULER_UNREACHABLE",
      `${master} and others send each other's way for the event stream: no leader yet`,
    );
  }

  /** Credentials go to the masters that the user named and to nobody else. */
  function isOurs(url: string): boolean {
    const { origin } = new URL(url);
    return options.url.some((master) => new URL(master).origin === origin);
  }

  return {
    ask: ({ method, path, body, isOnce = false }, outer) =>
      authorised(
        outer,
        ({ status }) => status,
        (authorization) => {
          const text = body && JSON.stringify(body);
          const send = (master: string, signal: AbortSignal): Promise<Answer> =>
            connection.exchange(master, {
              method,
              url: `${master}${path}`,
              authorization,
              body: text,
              signal,
            });
          return isOnce ? masters.current(send, outer) : masters.first(send, outer, isLeaderless);
        },
      ),
    async open(path, outer) {
      const opened = await authorised(outer, statusOfOpened, (authorization) =>
        // A stream lives on after it is opened, so it goes by the outer signal.
        masters.first(
          (master) => openAt(master, `${master}${path}`, authorization, outer),
          outer,
          (tried) => LEADERLESS.has(statusOfOpened(tried)),
        ),
      );
      if ("chunks" in opened) return opened.chunks;
      if ("answer" in opened) throw toError(opened.answer, { doing: "follow its events" });
      throw new Error("redirects have been followed");
    },
    close: () => connection.close(),
  };
}

const isLeaderless = ({ status }: Answer): boolean => LEADERLESS.has(status);

function statusOfOpened(opened: Opened): number {
  return "answer" in opened ? opened.answer.status : 200;
}

function strangeLeader(master: string, url: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${master} sends to ${new URL(url).origin} for the event stream, which gets no credentials; add it to \`url\` of \`scheduler:\``,
  );
}
