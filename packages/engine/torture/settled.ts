import { nextStart } from "../src/cron.ts";
import type { Decision } from "@microscaling/core";
import { boundsAt } from "../src/decide/schedule.ts";
import type { Task } from "../src/state.ts";
import { killAgent, startAgent, type Agent } from "./agent.ts";
import { resourcesOf, ROUNDING, type Resource } from "./room.ts";
import { NAMES } from "./config.ts";
import { termNow, Violation, wallOf, type World } from "./world.ts";

/** A task whose target changes its mind has what it would like at some moment within so long, in milliseconds. */
const BUSY_MS = 60_000;
const BUSY_STEP_MS = 500;
/** A fresh agent that knows nothing of what was leaves the world as it is, for so long, in milliseconds. */
const FRESH_MS = 90_000;

/**
 * Some time after the faults have ended and the load stands still: every task has what it would like, or there is no room for it; nothing
 * is held, and a fresh agent would change nothing.
 */
export function checkSettled(world: World): void {
  const leader = leaderOf(world);
  if (isBusy(world, leader)) return checkBusy(world);
  for (const task of leader.state.tasks) {
    const wrong = lack(world, leader, task, false) ?? unrest(world, leader, task);
    if (wrong !== undefined) throw new Violation("settles", wrong);
  }
  const before = standing(world);
  for (const agent of world.agents.slice()) killAgent(world, agent);
  world.lease = undefined;
  world.tell?.(() => "a fresh agent takes over");
  startAgent(world);
  world.timeline.run(world.timeline.now() + FRESH_MS);
  const after = standing(world);
  if (after !== before)
    throw new Violation("settles", `a fresh agent changes ${before} to ${after}`);
}

/** No one moment tells: a task may just be waiting for another's instance to end, or for one that is too young to be taken. */
function checkBusy(world: World): void {
  const end = world.timeline.now() + BUSY_MS;
  let names = leaderOf(world).state.tasks.map(({ spec }) => spec.name);
  for (;;) {
    const leader = leaderOf(world);
    const lackOf = (task: Task): string | undefined => lack(world, leader, task, true);
    const lacking = leader.state.tasks.filter(
      (task) => names.includes(task.spec.name) && lackOf(task) !== undefined,
    );
    if (lacking.length === 0) return;
    if (world.timeline.now() >= end) throw new Violation("settles", lackOf(lacking[0]!)!);
    names = lacking.map(({ spec }) => spec.name);
    world.timeline.run(world.timeline.now() + BUSY_STEP_MS);
  }
}

function standing({ backend }: World): string {
  return NAMES.map((name) => `${name} ${backend.levelOf(name)}`).join(", ");
}

/** Whether what a task would like depends on all that was read before: it learns, or sums up errors. */
function remembers({ spec: { target } }: Task): boolean {
  if (target.use === "latency") return true;
  return target.use === "queue" && (target.gains === "auto" || target.kI > 0);
}

function leaderOf(world: World): Agent {
  const leader = world.agents.find((agent) => termNow(world, agent) !== undefined);
  if (leader === undefined) throw new Violation("settles", "nobody leads");
  return leader;
}

/** What must not limit a task for ever. */
const PASSING: ReadonlySet<string> = new Set([
  "held",
  "backoff",
  "counts",
  "waiting",
  "settling",
  "churn",
  "preempted",
  "overcommitted",
]);

/** What a task does not have although it should. Where it `mayMove`, it may be in the middle of a change. */
function lack(world: World, leader: Agent, task: Task, mayMove: boolean): string | undefined {
  const { spec, leavingSince, pending } = task;
  const decision = decisionOn(leader, task);
  if (decision === undefined) return told(task, "is not decided on");
  if (leavingSince !== undefined) return told(task, "has not left", decision);
  if (spec.priority === 0) return undefined;
  const { starting, stopping } = world.backend.of(spec.name);
  if (mayMove && starting + stopping + pending.length > 0) return undefined;
  const level = world.backend.levelOf(spec.name);
  const wants = wantedBy(world, task, decision);
  if (level >= wants || !hasRoom(world, leader, task)) return undefined;
  return told(task, `has ${level} of ${wants} although there is room`, decision);
}

/** What of a task that lacks nothing is not as it will stay. */
function unrest(world: World, leader: Agent, task: Task): string | undefined {
  const { spec } = task;
  if (spec.priority === 0) return undefined;
  const decision = decisionOn(leader, task)!;
  const level = world.backend.levelOf(spec.name);
  const wants = wantedBy(world, task, decision);
  if (decision.granted !== level)
    return told(task, `has ${level} of ${decision.granted}`, decision);
  if (level > wants) return told(task, `has ${level}, more than ${wants}`, decision);
  const limits = decision.limits.map(({ by }) => by);
  const lasting = limits.filter((by) => PASSING.has(by));
  // Where there is no room, a task that once failed has nothing to try its luck with.
  if (limits.includes("capacity") || lasting.length === 0) return undefined;
  return told(task, `is limited by ${lasting.join(", ")}`, decision);
}

function told({ spec }: Task, what: string, decision?: Decision): string {
  return `${spec.name} ${what}: ${JSON.stringify(decision)}`;
}

function decisionOn({ state }: Agent, task: Task): Decision | undefined {
  return state.turn.record?.decisions[state.tasks.indexOf(task)];
}

function wantedBy(world: World, { spec }: Task, { desired }: Decision): number {
  const { min, max } = boundsAt(spec, wallOf(world), nextStart).bounds;
  return Math.min(Math.max(desired, min), max);
}

/** Whether readings go on changing, or a target changes its mind about them: then no state is the last one. */
function isBusy({ plan }: World, { state }: Agent): boolean {
  return plan.targets.includes("latency") || state.tasks.some(remembers);
}

/** Whether one more instance fits, where tasks that come later give up what is theirs beyond their minimum. */
function hasRoom(world: World, { state }: Agent, task: Task): boolean {
  const { spec } = task;
  const yields = spec.target.use === "remainder";
  return resourcesOf(state).every((resource) => {
    const each = resource.usesOf(spec);
    return (
      each === 0 ||
      each <= roomOf(world, state.tasks, resource, yields ? undefined : spec.priority) + ROUNDING
    );
  });
}

function roomOf(
  world: World,
  tasks: readonly Task[],
  { amount, usesOf }: Resource,
  priority: number | undefined,
): number {
  let room = amount;
  for (const { spec } of tasks) {
    const level = world.backend.existing(spec.name);
    const { min } = boundsAt(spec, wallOf(world), nextStart).bounds;
    const isTaken = priority !== undefined && spec.priority > priority;
    room -= usesOf(spec) * (isTaken ? Math.min(level, min) : level);
  }
  return room;
}
