import { MicroscalingError } from "@microscaling/core";
import type { Answer, EngineEvent } from "../src/events.ts";
import type { CallCommand } from "../src/runtime/execute.ts";
import { dispatch, whenAwake, type Agent, type Allowed, type Call } from "./agent.ts";
import { fateOf } from "./fates.ts";
import { noteAnswer } from "./known.ts";
import { strikes, type World } from "./world.ts";

/** What will come of a call. Times are those of the timeline. */
export interface Fate {
  /** When it takes effect, in parts; never where there is none. */
  readonly acts: readonly { readonly at: number; readonly act: () => void }[];
  /** When it ends by itself; `Infinity`: never. */
  readonly endsAt: number;
  readonly answer: () => Answer;
}

const PREPARE_TIMEOUT_MS = 600_000;

/** Does what a command asks for: sooner or later, wholly, partly or not at all. */
export function begin(
  world: World,
  agent: Agent,
  command: CallCommand,
  allowed: Allowed | undefined,
): void {
  const { timeline } = world;
  const timeoutMs = timeoutOf(agent, command);
  const call: Call = {
    id: command.id,
    command,
    sentAt: timeline.now(),
    timeoutMs,
    phase: "sent",
    shownFrom: Number.POSITIVE_INFINITY,
    canAct: true,
    act: () => {},
    end: () => {},
    allowed,
  };
  agent.calls.set(call.id, call);
  if (command.type === "scale") {
    const name = command.task.name;
    agent.scales.set(name, [...(agent.scales.get(name) ?? []), call]);
  }
  const fate = fateOf(world, agent, call);
  const last = lastEffect(world, agent, call);
  let left = fate.acts.filter(({ at }) => at <= last);
  const actUntil = (until: number): void => {
    const due = left.filter(({ at }) => at <= until);
    left = left.slice(due.length);
    if (call.canAct) for (const { act } of due) act();
  };
  call.act = () => actUntil(Number.POSITIVE_INFINITY);
  call.end = () => {
    actUntil(timeline.now());
    left = [];
    whenAwake(agent, () => finish(world, agent, call, fate.answer()));
  };
  for (const { at } of left) timeline.plan(at, () => actUntil(at));
  timeline.plan(fate.endsAt, call.end);
  const deadline = call.sentAt + timeoutMs;
  if (fate.endsAt > deadline)
    timeline.plan(deadline, () => whenAwake(agent, () => abandon(world, agent, call, late())));
}

/** How long the runtime waits, as it does itself. */
function timeoutOf({ state }: Agent, command: CallCommand): number {
  const { scheduler, sources } = state.spec;
  if (command.type === "read") return sources.get(command.source)!.timeoutMs;
  if (command.type === "prepare") return PREPARE_TIMEOUT_MS;
  return "timeoutMs" in command ? command.timeoutMs : scheduler.timeoutMs;
}

/**
 * What the engine relies on: a call that was abandoned takes effect within one more timeout, or never; one that was made in a term within a
 * third of the lease's duration after the term, or never.
 */
function lastEffect(
  { plan }: World,
  { bornAt }: Agent,
  { command, sentAt, timeoutMs }: Call,
): number {
  if (command.type !== "scale") return Number.POSITIVE_INFINITY;
  const grace = sentAt + 2 * timeoutMs;
  if (plan.leaseMs === undefined) return grace;
  return Math.min(grace, bornAt + command.until + plan.leaseMs / 3);
}

function late(): Error {
  return new MicroscalingError("ERR_DEADLINE", "the world: no answer in time");
}

/** Nobody waits for a call any more: its agent has no term any more, so it takes effect at once or never. */
export function cancel(world: World, agent: Agent, call: Call): void {
  if (call.phase !== "sent") return;
  if (world.random.chance(0.5)) call.act();
  call.canAct = false;
  abandon(world, agent, call, new DOMException("this agent no longer acts", "AbortError"));
}

function abandon(world: World, agent: Agent, call: Call, error: Error): void {
  if (call.phase !== "sent") return;
  const now = world.timeline.now();
  call.phase = "abandoned";
  call.shownFrom = now + agent.state.spec.scheduler.timeoutMs;
  answer(world, agent, call, { kind: "abandoned", error });
}

function finish(world: World, agent: Agent, call: Call, given: Answer): void {
  if (call.phase === "ended") return;
  const wasSent = call.phase === "sent";
  call.phase = "ended";
  call.shownFrom = Math.min(call.shownFrom, world.timeline.now());
  agent.calls.delete(call.id);
  if (wasSent) answer(world, agent, call, given);
  else {
    world.tell?.(() => `${agent.name}: ${call.command.type} #${call.id} returns after all`);
    noteReturned(world, agent, call);
    if (strikes(world, "answersLate")) dispatch(world, agent, eventOf(call, given));
    dispatch(world, agent, { type: "returned", id: call.id });
  }
}

/** What could not be asked while calls hung can be asked from now on. */
function noteReturned({ timeline }: World, agent: Agent, { command }: Call): void {
  if (command.type === "read") agent.readAt.set(command.source, timeline.now());
  if (command.type === "observe") agent.observedAt = timeline.now();
}

function answer(world: World, agent: Agent, call: Call, given: Answer): void {
  world.tell?.(() => `${agent.name}: ${call.command.type} #${call.id}: ${tellAnswer(given)}`);
  const check = noteAnswer(world, agent, call, given);
  dispatch(world, agent, eventOf(call, given));
  check?.();
}

function eventOf({ id, command }: Call, given: Answer): EngineEvent {
  switch (command.type) {
    case "read":
      return { type: "read", source: command.source, id, answer: given };
    case "observe":
      return { type: "observed", id, answer: given };
    case "measure":
      return { type: "measured", id, answer: given };
    case "prepare":
      return { type: "prepared", task: command.task.name, id, answer: given };
    case "scale":
      return { type: "scaled", task: command.task.name, id, answer: given };
    case "readLease":
      return { type: "leaseRead", id, answer: given };
    case "writeLease":
      return { type: "leaseWritten", id, answer: given };
    default:
      return command satisfies never;
  }
}

function tellAnswer(given: Answer): string {
  if (given.kind !== "value") return given.kind;
  try {
    const { value } = given;
    return JSON.stringify(value instanceof Map ? [...value] : value) ?? String(value);
  } catch {
    return "something that cannot be shown";
  }
}
