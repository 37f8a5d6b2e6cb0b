import type { ServerResponse } from "node:http";
import { iso, type Emit, type MarathonClock, type MarathonSettings } from "./types.ts";

/** Those who listen to `/v2/events`. */
export interface EventHub {
  readonly emit: Emit;
  /** Keeps the answer open. `types` empty: every event. */
  attach(response: ServerResponse, types: readonly string[], remoteAddress: string): void;
  /** Ends every stream, as a leader does that leads no more. */
  drop(): void;
  /** How many listen. */
  count(): number;
  /** While true nothing is sent, not even an empty line: a connection that is dead without knowing. */
  muted: boolean;
}

/** A subscriber that leaves more events than these unread is disconnected. */
const MAX_OUTSTANDING = 1024;

interface Subscriber {
  readonly response: ServerResponse;
  readonly types: readonly string[];
  outstanding: number;
}

/** Makes a hub that nobody listens to. */
export function createEventHub(
  clock: MarathonClock,
  settings: MarathonSettings,
  life: AbortSignal,
): EventHub {
  const subscribers = new Set<Subscriber>();

  function write(to: Subscriber, text: string): void {
    if (hub.muted) return;
    to.outstanding++;
    to.response.write(text, () => to.outstanding--);
    if (to.outstanding > MAX_OUTSTANDING) to.response.destroy();
  }

  function send(to: Subscriber, eventType: string, fields: object): void {
    if (to.types.length > 0 && !to.types.includes(eventType)) return;
    const data = JSON.stringify({ eventType, timestamp: iso(clock.now()), ...fields });
    write(to, `event: ${eventType}\r\ndata: ${data}\r\n\r\n`);
  }

  async function beat(subscriber: Subscriber, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(settings.heartbeatMs, signal);
      write(subscriber, "\r\n");
    }
  }

  const hub: EventHub = {
    muted: false,
    count: () => subscribers.size,
    emit(eventType, fields) {
      for (const subscriber of subscribers) send(subscriber, eventType, fields);
    },
    attach(response, types, remoteAddress) {
      const subscriber: Subscriber = { response, types, outstanding: 0 };
      const gone = new AbortController();
      subscribers.add(subscriber);
      response.once("close", () => {
        subscribers.delete(subscriber);
        gone.abort();
      });
      // No length and no chunks: it ends when the connection does.
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { "content-type": "text/event-stream", connection: "close" });
      response.flushHeaders();
      if (types.length === 0) send(subscriber, "event_stream_attached", { remoteAddress });
      beat(subscriber, AbortSignal.any([life, gone.signal])).catch(() => {});
    },
    drop() {
      for (const { response } of subscribers) response.destroy();
    },
  };
  return hub;
}
