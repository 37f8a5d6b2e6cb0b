import { fieldsOf, objectsOf, tryJson } from "@microscaling/plugin-kit";
import { createParser } from "eventsource-parser";

/** The relevant parts of an event. */
export interface MarathonEvent {
  readonly type: string;
  /** The apps of the event; empty if the event does not name them. */
  readonly apps: readonly string[];
  /** The id of the deployment that has ended, if the event reports one. */
  readonly ended?: { readonly deployment: string; readonly failure: string | undefined };
}

/** The events that can change a count or end a lock. */
const TYPES = [
  "status_update_event",
  "instance_changed_event",
  "instance_health_changed_event",
  "health_status_changed_event",
  "unknown_instance_terminated_event",
  "app_terminated_event",
  "deployment_info",
  "deployment_success",
  "deployment_failed",
];

/** The path of the event stream with only these events. */
export const EVENTS_PATH: string = `/v2/events?${TYPES.map((type) => `event_type=${type}`).join("&")}`;

/** The largest event. An event with a plan of a hundred apps has about ten thousand characters. Older versions send whole groups. */
const MAX_EVENT_CHARACTERS = 64 * 2 ** 20;

/** Reads events until the stream ends. @throws what the stream throws. */
export async function followEvents(
  chunks: AsyncIterable<Uint8Array>,
  handle: (event: MarathonEvent) => void,
): Promise<void> {
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent({ event = "", data }) {
      const parsed = parseEvent(event, data);
      if (parsed !== undefined) handle(parsed);
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
}

/** @returns `undefined` if the text is not an event of Marathon. */
export function parseEvent(type: string, data: string): MarathonEvent | undefined {
  const fields = fieldsOf(tryJson(data));
  const { appId, runSpecId, id, plan, reason } = fields;
  const eventType = typeof fields["eventType"] === "string" ? fields["eventType"] : type;
  if (eventType === "") return undefined;
  const apps = [appId, runSpecId, ...appsOf(plan)].filter((app) => typeof app === "string");
  if (!/^deployment_(success|failed)$/.test(eventType)) return { type: eventType, apps };
  const failed = typeof reason === "string" ? reason : "no reason given";
  const failure = eventType === "deployment_failed" ? failed : undefined;
  return { type: eventType, apps, ended: { deployment: String(id), failure } };
}

function appsOf(plan: unknown): unknown[] {
  return objectsOf(fieldsOf(plan)["steps"]).flatMap((step) =>
    objectsOf(step["actions"]).map((action) => action["app"]),
  );
}
