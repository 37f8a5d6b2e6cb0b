import { nextStart } from "../src/cron.ts";
import type { Decision } from "@microscaling/core";
import { boundsAt } from "../src/decide/schedule.ts";
import { termOf } from "../src/step.ts";
import type { Task } from "../src/state.ts";
import { killAgent, startAgent, type Agent } from "./agent.ts";
import { resourcesOf, type Resource } from "./checks.ts";
import { NAMES } from "./config.ts";
import { Violation, wallOf, type World } from "./world.ts";

/** A fresh agent that knows nothing of what was leaves the world as it is, for so long, in milliseconds. */
const FRESH_MS = 90_000;
const ROUNDING = 1e-6;

/**
 * Some time after the faults have ended and the load stands still: every task has what it would like, or there is no room for it; nothing
 * is held, and a fresh agent would change nothing.
 */
export function checkSettled(world: World): void {
  const leader = leaderOf(world);
  for (const [i, task] of leader.state.tasks.entries()) checkTask(world, leader, task, i);
  if (leader.state.tasks.some(remembers)) return;
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
  // A target that learns may be in the middle of a change.
  const isMoving = remembers(task) && starting + stopping > 0;
  const level = world.backend.levelOf(spec.name);
  const wants = Math.min(Math.max(decision.desired, min), max);
  if (level < wants && !isMoving && hasRoom(world, leader, task))
    fail(`has ${level} of ${wants} although there is room`);
  if (remembers(task)) return;
  if (decision.granted !== level) fail(`has ${level} of ${decision.granted}`);
  if (level > wants) fail(`has ${level}, more than ${wants}`);
  const lasting = limitsOf(decision).filter((by) => PASSING.has(by));
  // Where there is no room, a task that once failed has nothing to try its luck with.
  const isFull = limitsOf(decision).includes("capacity");
  if (!isBusy(leader) && !isFull && lasting.length > 0) fail(`is limited by ${lasting.join(", ")}`);
}

function limitsOf({ limits }: Decision): readonly string[] {
  return limits.map(({ by }) => by);
}

/** Where a target learns, what it changes its mind about moves others. */
function isBusy({ state }: Agent): boolean {
  return state.tasks.some(remembers);
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
