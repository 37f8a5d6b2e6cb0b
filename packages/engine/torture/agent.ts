import type { Counts } from "@microscaling/core";
import { openState } from "../src/act/configure.ts";
import type { Command, EngineEvent } from "../src/events.ts";
import type { Moment } from "../src/moment.ts";
import type { AgentState } from "../src/state.ts";
import { step, wakeAt } from "../src/step.ts";
import type { CallCommand } from "../src/runtime/execute.ts";
import { checkScale } from "./checks.ts";
import { checkReport, checkStep } from "./service.ts";
import { begin, cancel } from "./calls.ts";
import { stepTwice } from "./purity.ts";
import { Violation, wallOf, type World } from "./world.ts";

/** One call to a plugin. Times are those of the timeline, in milliseconds. */
export interface Call {
  readonly id: number;
  readonly command: CallCommand;
  readonly sentAt: number;
  readonly timeoutMs: number;
  phase: "sent" | "abandoned" | "ended";
  /** From here on it can no longer take effect, as its agent may trust. */
  shownFrom: number;
  /** It may still take effect. */
  canAct: boolean;
  /** Takes effect now, if it has not and may. */
  act: () => void;
  /** Ends now, if it has not. */
  end: () => void;
  /** What may exist, by resource, without anything wrong; and since when its agent knew each task. For calls to scale. */
  allowed: Allowed | undefined;
}

/** What a call to scale may lead to. */
export interface Allowed {
  readonly amounts: ReadonlyMap<string, number>;
  /** By task, what one instance uses of each resource, and when the counts that the agent knew were asked for. */
  readonly tasks: ReadonlyMap<string, AllowedTask>;
}

/** One task, as its agent knew it when it asked. */
export interface AllowedTask {
  readonly uses: readonly number[];
  /** `Infinity`: it was not counted in this term. */
  readonly knownAt: number;
  /** What may have become of it where it was not counted in this term. */
  readonly most: number;
}

/** What an agent was told of one task, as the world remembers it. */
export interface Known {
  counts: Counts | undefined;
  /** Whether the newest counts were usable. */
  isCounted: boolean;
  /** When the counts were asked for. */
  countsAt: number;
  /** The newest reading, and what was asked. */
  reading: { readonly value: number; readonly trueAt: number; readonly asked: string } | undefined;
  /** Whether the newest attempt to read gave a number. */
  isRead: boolean;
  /** Since when it has been kept from its first instance after failures or crashes. */
  heldSince: number | undefined;
}

/** One agent: its state, and what is on the way to it. */
export interface Agent {
  readonly name: string;
  readonly state: AgentState;
  readonly bornAt: number;
  isAlive: boolean;
  isPaused: boolean;
  /** What waits for the process to go on. */
  readonly waiting: (() => void)[];
  wakesAt: number;
  readonly calls: Map<number, Call>;
  /** By task, the calls to scale that its counts may not show. */
  readonly scales: Map<string, Call[]>;
  readonly known: Map<string, Known>;
  reportedAt: number;
  observedAt: number;
  readonly readAt: Map<string, number>;
}

/** Starts an agent. */
export function startAgent(world: World): Agent {
  const name = `agent-${++world.born}`;
  const bornAt = world.timeline.now();
  const spec = named(world, name);
  const now = { mono: 0, wall: wallOf(world), chance: world.random.next() };
  const agent: Agent = {
    name,
    state: openState(spec, { dryRun: false, isRecorded: false }, now),
    bornAt,
    isAlive: true,
    isPaused: false,
    waiting: [],
    wakesAt: Number.POSITIVE_INFINITY,
    calls: new Map(),
    scales: new Map(),
    known: new Map(),
    reportedAt: bornAt,
    observedAt: bornAt,
    readAt: new Map(),
  };
  world.agents.push(agent);
  world.tell?.(() => `${name} starts`);
  dispatch(world, agent, { type: "time" });
  return agent;
}

/** The newest config, as this agent reads it. */
export function named({ spec }: World, holder: string): World["spec"] {
  return spec.ha === undefined ? spec : { ...spec, ha: { ...spec.ha, holder } };
}

/** The process is gone. What it has asked for takes effect at once or never. */
export function killAgent(world: World, agent: Agent): void {
  world.tell?.(() => `${agent.name} is killed`);
  for (const call of agent.calls.values()) {
    if (world.random.chance(0.5)) call.act();
    call.canAct = false;
  }
  agent.isAlive = false;
  world.agents.splice(world.agents.indexOf(agent), 1);
}

/** Tells an agent now, or when its process goes on. */
export function whenAwake(agent: Agent, tell: () => void): void {
  if (!agent.isAlive) return;
  if (agent.isPaused) agent.waiting.push(tell);
  else tell();
}

/** The process goes on: it hears of everything at once. */
export function resume(world: World, agent: Agent): void {
  if (!agent.isAlive || !agent.isPaused) return;
  world.tell?.(() => `${agent.name} goes on`);
  agent.isPaused = false;
  const now = world.timeline.now();
  agent.reportedAt = now;
  agent.observedAt = now;
  for (const source of agent.readAt.keys()) agent.readAt.set(source, now);
  for (const tell of agent.waiting.splice(0)) tell();
  dispatch(world, agent, { type: "time" });
}

/** The time as an agent sees it. */
function momentOf(world: World, agent: Agent): Moment {
  const mono = world.timeline.now() - agent.bornAt;
  return { mono, wall: wallOf(world), chance: world.random.next() };
}

/** So many times in a row, at the same moment, an agent may say that something is due at once. */
const MOST_AT_ONCE = 20;

/** Tells an agent of an event, and does what it asks for, as the runtime does. */
export function dispatch(world: World, agent: Agent, event: EngineEvent): void {
  deliver(world, agent, event);
  const mono = world.timeline.now() - agent.bornAt;
  for (let i = 0; agent.isAlive && wakeAt(agent.state) <= mono; i++) {
    if (i >= MOST_AT_ONCE)
      throw new Violation("bounded", `${agent.name}: something is due again and again at once`);
    deliver(world, agent, { type: "time" });
  }
  setTimer(world, agent);
}

/** One timer for all that is due. */
function setTimer(world: World, agent: Agent): void {
  const at = wakeAt(agent.state) + agent.bornAt;
  if (at >= agent.wakesAt) return;
  agent.wakesAt = at;
  world.timeline.plan(at, () => {
    // Another timer was set for an earlier time.
    if (agent.wakesAt !== at) return;
    agent.wakesAt = Number.POSITIVE_INFINITY;
    whenAwake(agent, () => dispatch(world, agent, { type: "time" }));
  });
}

/** How often a step is made twice, to see that it is pure. */
const TWICE = 1 / 2000;

function deliver(world: World, agent: Agent, event: EngineEvent): void {
  world.events++;
  const now = momentOf(world, agent);
  let commands: readonly Command[];
  try {
    commands = world.random.chance(TWICE)
      ? stepTwice(agent.state, event, now)
      : step(agent.state, event, now);
  } catch (error) {
    if (error instanceof Violation) throw error;
    const words = error instanceof Error ? (error.stack ?? "") : "something";
    throw new Violation("never throws", `${agent.name}: step threw at ${event.type}: ${words}`);
  }
  for (const command of commands) handle(world, agent, command);
  checkStep(world, agent);
}

function handle(world: World, agent: Agent, command: Command): void {
  switch (command.type) {
    case "log":
      world.tell?.(() => `${agent.name}: ${command.level}: ${command.message}`);
      return;
    case "report":
      return checkReport(world, agent, command.turn);
    case "opened":
      return forget(agent);
    case "cancel": {
      const call = agent.calls.get(command.id);
      if (call !== undefined) cancel(world, agent, call);
      return;
    }
    case "scale":
      return begin(world, agent, command, checkScale(world, agent, command));
    case "read":
      agent.readAt.set(command.source, world.timeline.now());
      return begin(world, agent, command, undefined);
    case "observe":
      agent.observedAt = world.timeline.now();
      return begin(world, agent, command, undefined);
    case "measure":
    case "prepare":
    case "readLease":
    case "writeLease":
      return begin(world, agent, command, undefined);
    default:
      command satisfies never;
  }
}

/** What was known of tasks that are no longer there. */
function forget(agent: Agent): void {
  const names = new Set(agent.state.tasks.map(({ spec }) => spec.name));
  for (const name of agent.known.keys()) if (!names.has(name)) agent.known.delete(name);
}
