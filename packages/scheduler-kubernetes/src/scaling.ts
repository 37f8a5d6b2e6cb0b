import { MicroscalingError, type Clock, type Outcome } from "@microscaling/core";
import type { LimitFunction } from "p-limit";

import { failureOf } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { readScale, type Scale } from "./scaled-object.ts";
import { accessTo, type Target } from "./targets.ts";

/** Who we are in the `managedFields` of what we scale. */
export const FIELD_MANAGER = "microscaling";

/** How often a write that met another one is tried. */
const TRIES = 4;
/** Between two tries, up to so long, in milliseconds. */
const CONFLICT_MS = 100;

/** What scaling needs. */
export interface ScalingContext {
  readonly connection: Pick<Connection, "ask">;
  readonly clock: Clock;
  readonly random: () => number;
  /** The largest number of requests in progress at the same time. */
  readonly limit: LimitFunction;
}

/** The result of a request, and the object at that time. */
export interface Scaled {
  readonly outcome: Outcome;
  readonly scale?: Scale;
}

/** Asks for `instances` of one object, by its scale subresource. */
export async function requestScale(
  { connection, clock, random, limit }: ScalingContext,
  target: Target,
  instances: number,
  signal: AbortSignal,
): Promise<Scaled> {
  const request = {
    doing: `scale ${target.label}`,
    access: accessTo(target, "patch", "scale"),
    task: target.task,
    method: "PATCH",
    path: `${target.path}/scale`,
    query: { fieldManager: FIELD_MANAGER },
    body: { spec: { replicas: instances } },
  } as const;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const scale = readScale(await limit(() => connection.ask(request, signal)));
      return { outcome: { status: "accepted" }, scale };
    } catch (error) {
      signal.throwIfAborted();
      if (failureOf(error)?.status !== 409) return { outcome: toOutcome(error, target) };
      if (attempt === TRIES) return { outcome: busy(`others keep changing ${target.label}`) };
      await clock.sleep(random() * CONFLICT_MS * attempt, signal);
    }
  }
}

/** Asks how many are wanted of one object, by its scale subresource. */
export async function readScaleOf(
  { connection, limit }: Pick<ScalingContext, "connection" | "limit">,
  target: Target,
  signal: AbortSignal,
): Promise<Scale> {
  const request = {
    doing: `read the scale of ${target.label}`,
    access: accessTo(target, "get", "scale"),
    task: target.task,
    path: `${target.path}/scale`,
  };
  return readScale(await limit(() => connection.ask(request, signal)));
}

function busy(reason: string, retryAfterMs?: number): Outcome {
  return { status: "busy", reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function toOutcome(error: unknown, { label }: Target): Outcome {
  const failure = failureOf(error);
  const isBusy = failure?.status === 429 || failure?.retryAfterMs !== undefined;
  if (isBusy) {
    return busy(`the API server asks for fewer requests (${label})`, failure?.retryAfterMs);
  }
  if (error instanceof MicroscalingError) return { status: "failed", error };
  throw error;
}
