import { nextStart } from "../src/cron.ts";
import type { Decision } from "@microscaling/core";
import { boundsAt } from "../src/decide/schedule.ts";
import { termOf } from "../src/step.ts";
import type { Task } from "../src/state.ts";
import { killAgent, startAgent, type Agent } from "./agent.ts";
import { resourcesOf, type Resource } from "./room.ts";
import { NAMES } from "./config.ts";
import { Violation, wallOf, type World } from "./world.ts";

/** A task whose target changes its mind has what it would like at some moment within so long, in milliseconds. */
const BUSY_MS = 60_000;
const BUSY_STEP_MS = 500;
/** A fresh agent that knows nothing of what was leaves the world as it is, for so long, in milliseconds. */
const FRESH_MS = 90_000;
const ROUNDING = 1e-6;

/**
 * Some time after the faults have ended and the load stands still: every task has what it would like, or there is no room for it; nothing
 * is held, and a fresh agent would change nothing.
 */
export function checkSettled(world: World): void {
  const leader = leaderOf(world);
  if (isBusy(world, leader)) return checkBusy(world);
  for (const [i, task] of leader.state.tasks.entries()) checkTask(world, leader, task, i);
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
  const late = new Map<string, Violation | undefined>(
    leaderOf(world).state.tasks.map(({ spec }) => [spec.name, undefined]),
  );
  while (late.size > 0 && world.timeline.now() < end) {
    const leader = leaderOf(world);
    for (const [i, task] of leader.state.tasks.entries()) {
      const { name } = task.spec;
      if (!late.has(name)) continue;
      const wrong = violationOf(() => checkTask(world, leader, task, i));
      if (wrong === undefined) late.delete(name);
      else late.set(name, wrong);
    }
    world.timeline.run(world.timeline.now() + BUSY_STEP_MS);
  }
  for (const wrong of late.values()) throw wrong;
}

function violationOf(check: () => void): Violation | undefined {
  try {
    check();
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
  return undefined;
}

function standing({ backend }: World): string {
  return NAMES.map((name) => `${name} ${backend.levelOf(name)}`).join(", ");
}

/** Whether what a task would like depends on all that was read before: it learns, or sums up errors. */
function remembers({ spec: { target } }: Task): boolean {
  if (target.use === "latency") return true;
  return target.use === "queue" && (target.gains === "auto" || target.kI > 0);
}

function leaderOf({ agents, timeline }: World): Agent {
  const leader = agents.find(
    ({ state, bornAt }) =>
      termOf(state, { mono: timeline.now() - bornAt, wall: 0, chance: 0 }) !== undefined,
  );
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

function checkTask(world: World, leader: Agent, task: Task, i: number): void {
  const { spec, leavingSince } = task;
  const decision = leader.state.turn.record?.decisions[i];
  const fail = (what: string): never => {
    throw new Violation("settles", `${spec.name} ${what}: ${JSON.stringify(decision)}`);
  };
  if (decision === undefined) return fail("is not decided on");
  if (leavingSince !== undefined) return fail("has not left");
  if (spec.priority === 0) return;
  const { min, max } = boundsAt(spec, wallOf(world), nextStart).bounds;
  const { starting, stopping } = world.backend.of(spec.name);
  const isMoving = isBusy(world, leader) && starting + stopping + task.pending.length > 0;
  const level = world.backend.levelOf(spec.name);
  const wants = Math.min(Math.max(decision.desired, min), max);
  if (level < wants && !isMoving && hasRoom(world, leader, task))
    fail(`has ${level} of ${wants} although there is room`);
  // It may be in the middle of a change.
  if (isBusy(world, leader)) return;
  if (decision.granted !== level) fail(`has ${level} of ${decision.granted}`);
  if (level > wants) fail(`has ${level}, more than ${wants}`);
  const lasting = limitsOf(decision).filter((by) => PASSING.has(by));
  // Where there is no room, a task that once failed has nothing to try its luck with.
  const isFull = limitsOf(decision).includes("capacity");
  if (!isFull && lasting.length > 0) fail(`is limited by ${lasting.join(", ")}`);
}

function limitsOf({ limits }: Decision): readonly string[] {
  return limits.map(({ by }) => by);
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
