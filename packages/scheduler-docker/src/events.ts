import type { SchedulerEvents } from "@microscaling/core";
import { jsonLines } from "@microscaling/plugin-kit";
import { z } from "zod";

import type { Ask } from "./calls.ts";
import { INSTANCE_LABEL, KNOCK_LABEL, TASK_LABEL } from "./labels.ts";

/** One event of a container with our label. */
export interface ContainerEvent {
  readonly id: string;
  readonly task: string;
  /** Its instance label, if it has one. */
  readonly label: string | undefined;
  /** The agent that knocks, if the container is a knock. */
  readonly knock: string | undefined;
  /** `die`, `start`, `health_status: unhealthy`, … */
  readonly action: string;
}

/** The events that can change a count, and `create` for knocks. `kill` comes before `die` and shows that the end was requested. */
const ACTIONS = [
  "create",
  "start",
  "kill",
  "die",
  "destroy",
  "pause",
  "unpause",
  "restart",
  "health_status",
];

/** Follows Docker's events until the signal aborts, or the stream ends. */
export async function followEvents(
  ask: Ask,
  events: Pick<SchedulerEvents, "changed">,
  handle: (event: ContainerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = { type: ["container" as const], label: [TASK_LABEL], event: ACTIONS };
  await ask(
    { code: "ERR_SCHEDULER_REFUSED", doing: "follow its events" },
    signal,
    async (docker) => {
      const stream = await docker.getEvents({ filters, abortSignal: signal });
      // Events before the stream was open are missed.
      events.changed();
      for await (const message of jsonLines(stream)) {
        const event = parseEvent(message);
        if (event !== undefined) handle(event);
      }
    },
  );
}

const messageSchema = z.object({
  Action: z.string(),
  Actor: z.object({
    ID: z.string(),
    Attributes: z.object({
      [TASK_LABEL]: z.string(),
      [INSTANCE_LABEL]: z.string().optional(),
      [KNOCK_LABEL]: z.string().optional(),
    }),
  }),
});

function parseEvent(message: unknown): ContainerEvent | undefined {
  const { data } = messageSchema.safeParse(message);
  if (data === undefined) return undefined;
  const { ID: id, Attributes: labels } = data.Actor;
  return {
    id,
    task: labels[TASK_LABEL],
    label: labels[INSTANCE_LABEL],
    knock: labels[KNOCK_LABEL],
    action: data.Action,
  };
}
