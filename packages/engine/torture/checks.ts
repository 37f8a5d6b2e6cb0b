import { nextStart } from "../src/cron.ts";
import { boundsAt } from "../src/decide/schedule.ts";
import type { CallCommand } from "../src/runtime/execute.ts";
import type { TaskSpec } from "../src/spec.ts";
import type { AgentState, Task } from "../src/state.ts";
import type { Agent, Allowed } from "./agent.ts";
import { knownOf } from "./known.ts";
import { checkRoom, ROUNDING, termSinceOf, type Scale } from "./room.ts";
import { termNow, Violation, wallOf, type World } from "./world.ts";

/** An agent asks for instances: whether it may, and what may come of it. */
export function checkScale(world: World, agent: Agent, command: Scale): Allowed {
  const { name } = command.task;
  const task = agent.state.tasks.find(({ spec }) => spec.name === name);
  if (task === undefined)
    throw new Violation("one call", `${agent.name}: scales ${name}, which is none of its tasks`);
  const asks = `${agent.name} asks for ${command.instances} of ${name}`;
  world.tell?.(() => `${asks} (#${command.id})`);
  checkTerm(world, agent, command, asks);
  checkOneCall(world, agent, name, asks);
  checkStop(world, agent, task, command, asks);
  return checkRoom(world, agent, task, command, asks);
}

/** Nothing is asked for outside of a term, nor before there are counts from the term itself. */
function checkTerm(world: World, agent: Agent, { until }: Scale, asks: string): void {
  const mono = world.timeline.now() - agent.bornAt;
  const term = termNow(world, agent);
  if (term === undefined || term.until !== until || mono >= until)
    throw new Violation("one agent acts", `${asks} outside of its term`);
}

/** No call for a task while another is under way. */
function checkOneCall(world: World, agent: Agent, name: string, asks: string): void {
  const now = world.timeline.now();
  for (const { id, phase, shownFrom } of agent.scales.get(name) ?? [])
    if (phase === "sent" || now < shownFrom)
      throw new Violation("one call", `${asks} while call #${id} for it is under way (${phase})`);
}

/** Nothing is scaled on counts that are missing or failed; nothing is stopped because of a reading that is missing, stale or failed. */
function checkStop(world: World, agent: Agent, task: Task, command: Scale, asks: string): void {
  const { spec } = task;
  const known = knownOf(agent, spec.name);
  if (!known.isCounted) throw new Violation("unknown", `${asks} although its newest counts failed`);
  if (known.countsAt < termSinceOf(world, agent))
    throw new Violation("unknown", `${asks} on counts from before its term`);
  if (!("amounts" in agent.state.capacity.measured))
    throw new Violation("unknown", `${asks} although the capacity is not known`);
  const before = task.pending.slice(0, -1).findLast(({ doubtful }) => doubtful !== true);
  const present = before?.instances ?? task.counts!.requested;
  if (command.instances >= present || mayStop(world, agent, task, present)) return;
  const why = agent.state.turn.record?.decisions.find((one) => one.task === spec.name);
  throw new Violation(
    "unknown",
    `${asks}, down from ${present}, without a fresh reading: ${JSON.stringify(why)}`,
  );
}

/** Whether there is a reason to stop instances that needs no reading, or a fresh reading. */
function mayStop(world: World, agent: Agent, task: Task, present: number): boolean {
  const { spec, leavingSince } = task;
  const { use } = spec.target;
  if (leavingSince !== undefined || use === "fixed" || use === "remainder") return true;
  if (present > boundsAt(spec, wallOf(world), nextStart).bounds.max) return true;
  const decision = agent.state.turn.record?.decisions.find((one) => one.task === spec.name);
  const limits = decision?.limits ?? [];
  const { metric } = spec;
  if (limits.some((limit) => isTaken(agent.state, spec, limit))) return true;
  if (metric === undefined) return true;
  const known = knownOf(agent, spec.name);
  const hang = hangingReads(agent, metric.source) >= 3;
  if (decision?.reason === "fallback" && metric.fallback !== "hold") return !known.isRead || hang;
  const { reading, isRead } = known;
  const asked = `${metric.source} ${JSON.stringify(metric.query)}`;
  const ageMs = world.timeline.now() - (reading?.trueAt ?? Number.NEGATIVE_INFINITY);
  return isRead && reading?.asked === asked && ageMs <= metric.maxAgeMs + ROUNDING;
}

type LimitOfDecision = { readonly by: string; readonly preemptedBy?: string };

/** Whether instances are taken for a task that comes first, or because there is too little capacity. */
function isTaken({ tasks }: AgentState, { priority }: TaskSpec, limit: LimitOfDecision): boolean {
  if (limit.by === "overcommitted") return true;
  if (limit.by !== "preempted") return false;
  const taker = tasks.find(({ spec }) => spec.name === limit.preemptedBy);
  return taker !== undefined && taker.spec.priority <= priority;
}

export function hangingReads(agent: Agent, source: string): number {
  return hanging(agent, (command) => command.type === "read" && command.source === source);
}

/** How many calls of a kind nobody waits for any more that have not ended. */
export function hanging({ calls }: Agent, isOfKind: (command: CallCommand) => boolean): number {
  return [...calls.values()].filter(
    ({ command, phase }) => phase === "abandoned" && isOfKind(command),
  ).length;
}
