import type { Role } from "@microscaling/core";
import {
  act,
  cancelRequests,
  isBlocked,
  limitGrowth,
  noteFailed,
  noteReturned,
  noteScaled,
  type Term,
} from "./act/act.ts";
import { configure, drainAll, electionOf, forgetGone } from "./act/configure.ts";
import { stepElection } from "./act/elect.ts";
import { lastTermId, roleAt, termAt, wakeElectionAt, type ElectionEvent } from "./act/election.ts";
import { notePrepared, prepare, prepareDue } from "./act/prepare.ts";
import { decideTurn } from "./decide/decider.ts";
import { countOf } from "./decide/task-table.ts";
import type { Command, EngineEvent } from "./events.ts";
import { steadyTime, type Moment } from "./moment.ts";
import { withOthers } from "./act/ledger.ts";
import { measure, measureDue, noteMeasured } from "./observe/capacity.ts";
import { noteObserved, observe, observeDue } from "./observe/counts.ts";
import { dueAt, poke, returned } from "./observe/pace.ts";
import { noteRead, read, readDue } from "./observe/readings.ts";
import type { EngineSpec } from "./spec.ts";
import { changed, type AgentState } from "./state.ts";

/** A turn happens at least this often, in milliseconds. */
const TICK_MS = 500;

/** An agent that shares no lease always acts. */
const ALWAYS: Term = { since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };

/**
 * The whole engine: an event goes in, and commands come out. No I/O, no clock, and no randomness except in `now`: the same state and event give
 * the same commands and the same state. It changes `state` in place. Nothing else does.
 */
export function step(state: AgentState, event: EngineEvent, now: Moment): readonly Command[] {
  const commands: Command[] = [];
  switch (event.type) {
    case "time":
      advance(state, now, commands);
      break;
    case "read":
      noteRead(state, event, now);
      break;
    case "observed":
      noteObserved(state, event, now, commands);
      break;
    case "measured":
      noteMeasured(state, event, now, commands);
      break;
    case "prepared":
      notePrepared(state, event, now, commands);
      break;
    case "scaled":
      noteScaled(state, event, now, commands);
      break;
    case "leaseRead":
    case "leaseWritten":
      elect(state, event, now, commands);
      break;
    case "returned":
      noteReturned(state, event.id, now);
      for (const { pace } of [...state.sources, state.counting, state.capacity])
        returned(pace, event.id);
      break;
    case "sourceChanged":
      for (const { name, pace } of state.sources) if (name === event.source) poke(pace);
      break;
    case "countsChanged":
      poke(state.counting.pace);
      break;
    case "failed":
      noteFailed(state, event, now, commands);
      break;
    case "configured": {
      const acts = termOf(state, now) !== undefined;
      shareLease(state, event.spec, now, commands);
      configure(state, event.spec, acts, now, commands);
      break;
    }
    case "drain":
      drainAll(state, now, commands);
      break;
    case "stop":
      state.phase = "stopping";
      break;
    case "resign":
      elect(state, { type: "end" }, now, commands);
      break;
    case "once":
      once(state, event, now, commands);
      break;
    default:
      event satisfies never;
  }
  return commands;
}

/** When the next `time` event is due, by the monotonic clock. */
export function wakeAt(state: AgentState): number {
  const { phase, turn, sources, counting, capacity, election } = state;
  const elects = election === undefined ? Number.POSITIVE_INFINITY : wakeElectionAt(election);
  if (phase === "stopping") return elects;
  let at = Math.min(turn.dueAt, dueAt(counting.pace), dueAt(capacity.pace), elects);
  for (const { pace } of sources) at = Math.min(at, dueAt(pace));
  return at;
}

/** The term in which this agent may act now, if any. A dry run never acts. */
export function termOf({ dryRun, election }: AgentState, { mono }: Moment): Term | undefined {
  if (dryRun) return undefined;
  return election === undefined ? ALWAYS : termAt(election, mono);
}

/** The role of this agent; `undefined` if no lease is shared. */
export function roleOf({ election }: AgentState, { mono }: Moment): Role | undefined {
  return election === undefined ? undefined : roleAt(election, mono);
}

/** Begins whatever is due. */
function advance(state: AgentState, now: Moment, commands: Command[]): void {
  elect(state, { type: "time" }, now, commands);
  if (state.phase === "stopping") return;
  measureDue(state, now, commands);
  observeDue(state, now, commands);
  readDue(state, now, commands);
  if (now.mono >= state.turn.dueAt)
    takeTurn(state, { acts: !state.dryRun, isLast: false }, now, commands);
}

/** observe → decide → act → report, once. */
function takeTurn(
  state: AgentState,
  { acts, isLast }: { readonly acts: boolean; readonly isLast: boolean },
  now: Moment,
  commands: Command[],
): void {
  const { turn, capacity } = state;
  const lagMs = turn.changedAt === undefined ? 0 : now.mono - turn.changedAt;
  turn.dueAt = now.mono + TICK_MS;
  turn.changedAt = undefined;
  turn.lastAt = now.mono;
  forgetGone(state, now, commands);
  if (acts) limitGrowth(state, now);
  // Acting changes the observed data in place.
  const observed = state.isRecorded ? state.tasks.map((task) => ({ ...task })) : state.tasks;
  const at = steadyTime(state.epochMs, now);
  const { measured } = capacity;
  const decisions = decideTurn(state.deciding, observed, measured, at, now.wall);
  const term = acts ? termOf(state, now) : undefined;
  if (term !== undefined) act(state, decisions, { term, isLast }, now, commands);
  if (!isLast) prepareDue(state, now, commands);
  turn.blockedSince = isBlocked(state, decisions) ? (turn.blockedSince ?? now.mono) : undefined;
  const role = roleOf(state, now);
  turn.record = { at: now.wall, decisions, lagMs, ...(role === undefined ? {} : { role }) };
  commands.push({ type: "report", turn: { at, wall: now.wall, measured, observed, decisions } });
}

/** A single turn. Each step has its own event, and nothing is due by itself. */
function once(
  state: AgentState,
  event: Extract<EngineEvent, { type: "once" }>,
  now: Moment,
  commands: Command[],
): void {
  if (event.part === "decide")
    return takeTurn(state, { acts: event.acts, isLast: true }, now, commands);
  if (event.part === "prepare") {
    for (const task of state.tasks) prepare(state, task, commands);
    return;
  }
  measure(state, now, commands);
  observe(state, now, commands);
  for (const source of state.sources) read(state, source, now, commands);
}

/** Handles an event of the election. */
function elect(state: AgentState, event: ElectionEvent, now: Moment, commands: Command[]): void {
  const { election } = state;
  if (election === undefined) return;
  const before = lastTermId(election);
  const { lease } = election.ha;
  for (const command of stepElection(election, event, now, state)) {
    if (command.type === "readLease" || command.type === "writeLease")
      commands.push({ ...command, lease });
    else if (command.type !== "roleChanged") commands.push(command);
    else {
      // Another agent acts now. Counts must show what the earlier leader did last before anything is decided.
      poke(state.counting.pace);
      changed(state, now);
    }
  }
  const term = lastTermId(election);
  if (term === before) return;
  cancelRequests(state, commands);
  if (term !== undefined) expectOthers(state, now);
}

/** At the start of a term, assumes that the earlier leader may have asked for up to each task's maximum, until the task is counted again. */
function expectOthers({ tasks }: AgentState, now: Moment): void {
  for (const task of tasks) {
    const { max, schedule = [] } = task.spec;
    const most = Math.max(max, ...schedule.map((window) => window.max ?? 0));
    task.pending = withOthers(task.pending, countOf(most), now);
  }
}

/** Switches to another lease. The old lease is given back if one call is enough for that. Otherwise it expires by itself. */
function shareLease(state: AgentState, spec: EngineSpec, now: Moment, commands: Command[]): void {
  if (JSON.stringify(spec.ha) === JSON.stringify(state.spec.ha)) return;
  elect(state, { type: "end" }, now, commands);
  cancelRequests(state, commands);
  state.election = electionOf(spec, state.dryRun);
}
