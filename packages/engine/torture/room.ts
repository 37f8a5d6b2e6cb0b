import { nextStart } from "../src/cron.ts";
import { boundsAt } from "../src/decide/schedule.ts";
import type { Command } from "../src/events.ts";
import type { TaskSpec } from "../src/spec.ts";
import type { AgentState, Task } from "../src/state.ts";
import type { Agent, Allowed, Call } from "./agent.ts";
import { knownOf } from "./known.ts";
import { termNow, Violation, wallOf, type World } from "./world.ts";

export type Scale = Extract<Command, { type: "scale" }>;

/** Differences that come from adding decimal amounts. */
export const ROUNDING = 1e-6;

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
export function checkRoom(
  world: World,
  agent: Agent,
  task: Task,
  command: Scale,
  asks: string,
): Allowed {
  const { state } = agent;
  const wall = wallOf(world);
  const resources = resourcesOf(state);
  const before = state.tasks.map(({ spec }) => mostOf(agent, spec.name, undefined));
  const termSince = termSinceOf(world, agent);
  // What was last counted before the term may have become as many as its bound allows since.
  const isKnown = state.tasks.map(({ spec }) => {
    const { counts, countsAt } = knownOf(agent, spec.name);
    return counts !== undefined && countsAt >= termSince;
  });
  const mostAt = (i: number, spec: TaskSpec): number =>
    isKnown[i] ? before[i]! : Math.max(before[i] ?? 0, maxOf(spec, wall));
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
      all += mostAt(i, spec) * usesOf(spec);
    }
    amounts.set(name, Math.max(amount, counted));
    const more = grows * usesOf(task.spec);
    if (more > 0 && all + more > amount + ROUNDING)
      throw new Violation("capacity", `${asks}: ${all + more} of ${amount} ${name} could exist`);
  }
  const tasks = state.tasks.map(({ spec }, i) => {
    const { name } = spec;
    const uses = resources.map(({ usesOf }) => usesOf(spec));
    const knownAt = isKnown[i] ? knownOf(agent, name).countsAt : Number.POSITIVE_INFINITY;
    return [name, { uses, knownAt, most: mostAt(i, spec) }] as const;
  });
  return { amounts, tasks: new Map(tasks) };
}

/** When an agent's term began, in milliseconds of the timeline. */
export function termSinceOf(world: World, agent: Agent): number {
  return (termNow(world, agent)?.since ?? 0) + agent.bornAt;
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
