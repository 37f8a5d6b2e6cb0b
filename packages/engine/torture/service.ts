import { HISTORY_MINUTES } from "../src/decide/learn/rate-history.ts";
import type { Decision } from "@microscaling/core";
import type { EngineSpec, Turn } from "../src/spec.ts";
import type { Task } from "../src/state.ts";
import type { Agent } from "./agent.ts";
import { hanging, hangingReads } from "./checks.ts";
import { termNow, Violation, type World } from "./world.ts";

/** The engine turns at least this often, in milliseconds, and every call is begun within its interval and deadline. */
const TURN_MS = 500;
/** Changes are digested for so long, in milliseconds. */
const SLACK_MS = 60;

/** An agent has decided. */
export function checkReport(world: World, agent: Agent, { decisions }: Turn): void {
  const { state } = agent;
  const now = world.timeline.now();
  if (now - agent.reportedAt > TURN_MS + SLACK_MS)
    throw new Violation("service", `${agent.name}: ${now - agent.reportedAt} ms without a turn`);
  agent.reportedAt = now;
  if (decisions.length !== state.tasks.length)
    throw new Violation(
      "service",
      `${agent.name}: ${decisions.length} decisions for ${state.tasks.length} tasks`,
    );
  checkPaces(agent, state.spec, now);
  for (const [i, task] of state.tasks.entries()) checkHeld(world, agent, task, decisions[i]!);
}

/** A crash loop holds a task for 5 minutes at most, then one instance is tried; failures do so for one. In milliseconds. */
const LONGEST_HOLD_MS = 330_000;

/** One that was tried and is gone is no try any more as soon as it has been counted. In milliseconds. */
const LONGEST_PROBE_MS = 60_000;

/** A task that has nothing is not kept from its first instance for longer than any hold lasts. */
function checkHeld(world: World, agent: Agent, task: Task, { limits, counts }: Decision): void {
  const now = world.timeline.now();
  const known = agent.known.get(task.spec.name);
  if (known === undefined) return;
  const all = counts ?? { running: 1, starting: 0, requested: 0 };
  const hasNothing = all.running + all.starting + all.requested === 0 && task.pending.length === 0;
  const isProbing = task.crashLoop.phase === "probing";
  const isHeld =
    hasNothing &&
    known.isCounted &&
    task.preparation.phase === "ready" &&
    (isProbing || limits.some(({ by }) => by === "backoff")) &&
    // Where there is no room, there is nothing to be tried.
    !limits.some(({ by }) => by === "capacity" || by === "waiting") &&
    termNow(world, agent) !== undefined;
  known.heldSince = isHeld ? (known.heldSince ?? now) : undefined;
  const longestMs = isProbing ? LONGEST_PROBE_MS : LONGEST_HOLD_MS;
  if (now - (known.heldSince ?? now) > longestMs)
    throw new Violation("no lasting hold", `${agent.name} does not try ${task.spec.name} again`);
}

/** So many calls of a kind may hang: then no more of them are begun. */
const MOST_HANGING = 3;

/** A call goes on with the deadline that it began with, also when a reload shortens it. */
const LONGEST_TIMEOUT_MS = 10_000;

function checkPaces(agent: Agent, { scheduler, sources }: EngineSpec, now: number): void {
  const { state } = agent;
  const late = (what: string): never => {
    throw new Violation("service", `${agent.name}: ${what} for too long`);
  };
  const allowedMs = scheduler.intervalMs + LONGEST_TIMEOUT_MS + SLACK_MS + TURN_MS;
  if (
    now - agent.observedAt > allowedMs &&
    hanging(agent, ({ type }) => type === "observe") < MOST_HANGING
  )
    late("nothing was counted");
  for (const { name } of state.sources) {
    const source = sources.get(name)!;
    const at = agent.readAt.get(name) ?? agent.bornAt;
    const mostMs = source.intervalMs + source.timeoutMs + SLACK_MS + TURN_MS;
    if (now - at > mostMs && hangingReads(agent, name) < MOST_HANGING) late(`${name} was not read`);
  }
}

/** So many requests at most may wait to be shown by counts, for each task. */
const MOST_PENDING = 200;

/** After every event. */
export function checkStep(world: World, agent: Agent): void {
  const { agents } = world;
  for (const { pending } of agent.state.tasks)
    if (pending.length > MOST_PENDING)
      throw new Violation("bounded", `${agent.name}: ${pending.length} requests in one ledger`);
  if (agents.length < 2) return;
  const leaders = agents.filter(
    (one) => one.state.election !== undefined && termNow(world, one) !== undefined,
  );
  if (leaders.length > 1)
    throw new Violation("one agent acts", `${leaders.map(({ name }) => name).join(" and ")} lead`);
}

/** What an agent keeps of one task, as text, in characters, with the history of its load, in bytes; and of everything else. */
const MOST_KEPT: number = 20_000 + 2 * HISTORY_MINUTES;
/** So many strangers are named. */
const MOST_STRANGERS = 100;

/** What an agent keeps does not grow with the time it has lived. */
export function checkSize({ name, state, calls }: Agent): void {
  const { tasks, sources, counting, capacity, deciding } = state;
  const all = [tasks, sources, counting, capacity, deciding.memory];
  const kept = JSON.stringify(all, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? " ".repeat(value.byteLength) : value,
  ).length;
  if (kept > MOST_KEPT * (tasks.length + 1))
    throw new Violation("bounded", `${name}: ${kept} characters for ${tasks.length} tasks`);
  if (counting.strangers.length > MOST_STRANGERS)
    throw new Violation("bounded", `${name}: ${counting.strangers.length} strangers`);
  for (const { pace } of [...sources, counting, capacity])
    if (pace.hanging.length > MOST_HANGING)
      throw new Violation("bounded", `${name}: ${pace.hanging.length} calls of a kind hang`);
  const atOnce = (MOST_HANGING + 1) * (sources.length + 3) + 3 * tasks.length;
  const open = [...calls.values()].filter(({ phase }) => phase === "sent");
  if (open.length > atOnce) throw new Violation("bounded", `${name}: ${open.length} calls at once`);
}
