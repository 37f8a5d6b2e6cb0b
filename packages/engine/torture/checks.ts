import { nextStart } from "../src/cron.ts";
import { boundsAt } from "../src/decide/schedule.ts";
import type { Decision } from "@microscaling/core";
import type { Command } from "../src/events.ts";
import type { EngineSpec, TaskSpec, Turn } from "../src/spec.ts";
import { termOf } from "../src/step.ts";
import type { AgentState, Task } from "../src/state.ts";
import type { Agent, Allowed, Call } from "./agent.ts";
import { knownOf } from "./known.ts";
import { Violation, wallOf, type World } from "./world.ts";

type Scale = Extract<Command, { type: "scale" }>;

/** Differences that come from adding decimal amounts. */
const ROUNDING = 1e-6;

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
  const term = termOf(agent.state, { mono, wall: 0, chance: 0 });
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
  const { termSince } = termOfAgent(world, agent);
  if (!known.isCounted) throw new Violation("unknown", `${asks} although its newest counts failed`);
  if (known.countsAt < termSince)
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

function termOfAgent(world: World, { state, bornAt }: Agent): { readonly termSince: number } {
  const term = termOf(state, { mono: world.timeline.now() - bornAt, wall: 0, chance: 0 });
  return { termSince: (term?.since ?? 0) + bornAt };
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

function hangingReads({ calls }: Agent, source: string): number {
  let hanging = 0;
  for (const { command, phase } of calls.values())
    if (phase === "abandoned" && command.type === "read" && command.source === source) hanging++;
  return hanging;
}

/** A resource of the whole or of a group, and what one instance of a task uses of it. */
export interface Resource {
  readonly name: string;
  readonly amount: number;
  readonly usesOf: (task: TaskSpec) => number;
}

function usesFor(name: string): Resource["usesOf"] {
  return name === "instances" ? () => 1 : ({ uses }) => uses[name] ?? 0;
}

/** What there is to share, as an agent knows it. */
export function resourcesOf({ spec, capacity }: Pick<AgentState, "spec" | "capacity">): Resource[] {
  const measured = "amounts" in capacity.measured ? capacity.measured.amounts : {};
  const whole = Object.entries({ ...spec.capacity, ...measured }).map(
    ([name, amount]): Resource => ({ name, amount, usesOf: usesFor(name) }),
  );
  if (spec.sharing?.share !== "fair") return whole;
  const inGroups = [...spec.sharing.groups].flatMap(([group, amounts]) =>
    Object.entries(amounts)
      .filter(([name]) => Object.hasOwn(spec.capacity, name))
      .map(([name, amount]): Resource => {
        const uses = usesFor(name);
        const usesInGroup = (task: TaskSpec): number => (task.group === group ? uses(task) : 0);
        return { name: `${group}/${name}`, amount, usesOf: usesInGroup };
      }),
  );
  return [...whole, ...inGroups];
}

/**
 * What an agent asks for may not make more possible than the capacity holds, by what it was told: its newest counts, and every call that
 * they may not show. Where more than that is possible already, since the capacity shrank, it may not make it more.
 */
function checkRoom(world: World, agent: Agent, task: Task, command: Scale, asks: string): Allowed {
  const { state } = agent;
  const wall = wallOf(world);
  const resources = resourcesOf(state);
  const before = state.tasks.map(({ spec }) => mostOf(agent, spec.name, undefined));
  const at = state.tasks.indexOf(task);
  const grows = Math.max(
    0,
    (mostOf(agent, task.spec.name, command.instances) ?? 0) - (before[at] ?? 0),
  );
  const amounts = new Map<string, number>();
  for (const { name, amount, usesOf } of resources) {
    let counted = 0;
    let all = 0;
    for (const [i, { spec }] of state.tasks.entries()) {
      counted += (before[i] ?? 0) * usesOf(spec);
      all += (before[i] ?? maxOf(spec, wall)) * usesOf(spec);
    }
    amounts.set(name, Math.max(amount, counted));
    const more = grows * usesOf(task.spec);
    if (more > 0 && all + more > amount + ROUNDING)
      throw new Violation("capacity", `${asks}: ${all + more} of ${amount} ${name} could exist`);
  }
  const tasks = state.tasks.map(({ spec }, i) => {
    const { name } = spec;
    const uses = resources.map(({ usesOf }) => usesOf(spec));
    const knownAt =
      before[i] === undefined ? Number.POSITIVE_INFINITY : knownOf(agent, name).countsAt;
    return [name, { uses, knownAt, most: maxOf(spec, wall) }] as const;
  });
  return { amounts, tasks: new Map(tasks) };
}

function maxOf(spec: TaskSpec, wall: number): number {
  return boundsAt(spec, wall, nextStart).bounds.max;
}

/** The most that may exist of a task by what its agent was told; nothing where it was never counted. */
function mostOf(agent: Agent, name: string, asked: number | undefined): number | undefined {
  const { counts, countsAt } = knownOf(agent, name);
  if (counts === undefined) return undefined;
  let level = Math.max(counts.running + counts.starting, counts.requested);
  let stopping = counts.stopping;
  let most = level + stopping;
  const take = (instances: number): void => {
    stopping += Math.max(0, level - instances);
    level = instances;
    most = Math.max(most, level + stopping);
  };
  for (const { command, shownFrom } of agent.scales.get(name) ?? [])
    if (command.type === "scale" && shownFrom > countsAt) take(command.instances);
  if (asked !== undefined) take(asked);
  return most;
}

/** Instances have been started as a call asked for: what physically exists is within the capacity. */
export function checkStarted(world: World, agent: Agent, { id, allowed }: Call): void {
  if (allowed === undefined || world.plan.faults.has("countsLie")) return;
  const { backend, unrequested } = world;
  for (const [r, [resource, amount]] of [...allowed.amounts].entries()) {
    let exists = 0;
    let excused = 0;
    for (const [name, { uses, most, knownAt }] of allowed.tasks) {
      const count = backend.existing(name);
      exists += count * uses[r]!;
      if (knownAt === Number.POSITIVE_INFINITY) excused += Math.max(0, count - most) * uses[r]!;
    }
    if (exists <= amount + ROUNDING) continue;
    for (const { at, task, instances } of unrequested) {
      const known = allowed.tasks.get(task);
      if (known !== undefined && at >= known.knownAt) excused += instances * known.uses[r]!;
    }
    if (exists - excused > amount + ROUNDING)
      throw new Violation(
        "capacity",
        `${exists} of ${amount} ${resource} exist after call #${id} of ${agent.name}`,
      );
  }
}

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
    termOf(agent.state, { mono: now - agent.bornAt, wall: 0, chance: 0 }) !== undefined;
  known.heldSince = isHeld ? (known.heldSince ?? now) : undefined;
  const longestMs = isProbing ? LONGEST_PROBE_MS : LONGEST_HOLD_MS;
  if (now - (known.heldSince ?? now) > longestMs)
    throw new Violation("no lasting hold", `${agent.name} does not try ${task.spec.name} again`);
}

/** A call goes on with the deadline that it began with, also when a reload shortens it. */
const LONGEST_TIMEOUT_MS = 10_000;

function checkPaces(agent: Agent, { scheduler, sources }: EngineSpec, now: number): void {
  const { state } = agent;
  const late = (what: string): never => {
    throw new Violation("service", `${agent.name}: ${what} for too long`);
  };
  const allowedMs = scheduler.intervalMs + LONGEST_TIMEOUT_MS + SLACK_MS + TURN_MS;
  if (now - agent.observedAt > allowedMs && !hangs(agent, "observe")) late("nothing was counted");
  for (const { name } of state.sources) {
    const source = sources.get(name)!;
    const at = agent.readAt.get(name) ?? agent.bornAt;
    const mostMs = source.intervalMs + source.timeoutMs + SLACK_MS + TURN_MS;
    if (now - at > mostMs && hangingReads(agent, name) < 3) late(`${name} was not read`);
  }
}

function hangs({ calls }: Agent, type: "observe"): boolean {
  let hanging = 0;
  for (const { command, phase } of calls.values())
    if (phase === "abandoned" && command.type === type) hanging++;
  return hanging >= 3;
}

/** So many requests at most may wait to be shown by counts, for each task. */
const MOST_PENDING = 200;

/** After every event. */
export function checkStep(world: World, agent: Agent): void {
  const { agents, timeline } = world;
  for (const { pending } of agent.state.tasks)
    if (pending.length > MOST_PENDING)
      throw new Violation("bounded", `${agent.name}: ${pending.length} requests in one ledger`);
  if (agents.length < 2) return;
  const leaders = agents.filter(
    ({ state, bornAt }) =>
      state.election !== undefined &&
      termOf(state, { mono: timeline.now() - bornAt, wall: 0, chance: 0 }) !== undefined,
  );
  if (leaders.length > 1)
    throw new Violation("one agent acts", `${leaders.map(({ name }) => name).join(" and ")} lead`);
}
