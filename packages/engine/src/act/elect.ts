import { asMicroscalingError, formatDuration, type MicroscalingError } from "@microscaling/core";
import type { Answer } from "../events.ts";
import {
  type Answered,
  type ElectedTerm,
  type Election,
  type ElectionCommand,
  type ElectionEvent,
  isMine,
} from "./election.ts";
import { freeAt, noteLease, toLease } from "./lease-seen.ts";

/**
 * A fraction of the lease's duration: a term ends this long after the last renewal was *sent*. Other agents take the lease a whole duration after
 * they *saw* that renewal, which is later. The third in between allows calls in progress to end and clocks to run unevenly. The fractions are
 * those of Kubernetes' own leader election.
 */
const TERM = 2 / 3;
/** How long after an attempt to renew or read the lease the next attempt begins. */
const EVERY = 2 / 15;
/** How long one call may take. */
const CALL = 1 / 3;
/** The number of writes in one attempt. The first may only show that an earlier write, which was given up as lost, took effect. */
const MOST_TRIES = 2;

/** The input and output of one step. */
interface Step {
  readonly mono: number;
  readonly numbers: { nextId: number };
  readonly commands: ElectionCommand[];
}

/**
 * Changes `election` according to the event. No other machine's clock is trusted, so times inside a lease are ignored. Only two things count: that
 * the lease has changed, and how long ago that was by this machine's monotonic clock.
 * @param numbers the source of call numbers; no number is used twice
 * @returns the commands to execute, in this order
 */
export function stepElection(
  election: Election,
  event: ElectionEvent,
  { mono }: { readonly mono: number },
  numbers: { nextId: number },
): readonly ElectionCommand[] {
  const step: Step = { mono, numbers, commands: [] };
  endTermIfOver(election, step);
  if (event.type === "end") end(election, step);
  else if (event.type === "leaseRead") noteRead(election, event, step);
  else if (event.type === "leaseWritten") noteWritten(election, event, step);
  else if (election.phase.is === "waiting" && mono >= election.phase.nextAt)
    attempt(election, election.phase.term, step);
  return step.commands;
}

/** Renews the lease, or takes it if no agent has it. */
function attempt(election: Election, term: ElectedTerm | undefined, step: Step): void {
  if (election.lease.certain && isMine(election)) write(election, term, 0, step);
  else read(election, term, 0, step);
}

function read(election: Election, term: ElectedTerm | undefined, tries: number, step: Step): void {
  election.phase = { is: "reading", term, id: sendRead(election, step), tries };
}

function write(election: Election, term: ElectedTerm | undefined, tries: number, step: Step): void {
  const id = sendWrite(election, election.ha.holder, step);
  election.phase = { is: "writing", term, id, tries, sentAt: step.mono };
}

/** Waits for the next attempt. A lease that expires before that is taken at once. */
function wait(election: Election, term: ElectedTerm | undefined, step: Step): void {
  const next = step.mono + election.ha.durationMs * EVERY;
  const free = freeAt(election.lease);
  const isSooner = free > step.mono && free < next;
  election.phase = { is: "waiting", term, nextAt: isSooner ? free : next };
}

function noteRead(election: Election, { id, answer }: Answered, step: Step): void {
  const { phase, lease } = election;
  if (phase.is === "leaving" && phase.id === id) return noteLeaving(election, answer, step);
  if (phase.is !== "reading" || phase.id !== id) return;
  const failure = learn(election, answer, step);
  if (failure !== undefined) return noteFailure(election, phase.term, failure, step);
  const term = stillLeading(election, phase.term, step);
  if (isMine(election) || step.mono >= freeAt(lease)) write(election, term, phase.tries, step);
  else noteSuccess(election, term, step);
}

function noteWritten(election: Election, { id, answer }: Answered, step: Step): void {
  const { phase } = election;
  // If giving it back failed, the lease expires by itself.
  if (phase.is === "returning" && phase.id === id) election.phase = { is: "ended" };
  if (phase.is !== "writing" || phase.id !== id) return;
  if (answer.kind === "value" && answer.value === undefined)
    return noteLost(election, phase.term, phase.tries + 1, step);
  const failure = learn(election, answer, step);
  if (failure !== undefined) return noteFailure(election, phase.term, failure, step);
  const term = stillLeading(election, phase.term, step);
  noteSuccess(
    election,
    isMine(election) ? renewed(election, term, phase.sentAt, step) : term,
    step,
  );
}

/** Handles a write that lost to another one: of another agent, or an earlier one of this agent. */
function noteLost(
  election: Election,
  term: ElectedTerm | undefined,
  tries: number,
  step: Step,
): void {
  if (tries < MOST_TRIES) read(election, term, tries, step);
  else noteSuccess(election, term, step);
}

function noteLeaving(election: Election, answer: Answer, step: Step): void {
  const failure = learn(election, answer, step);
  if (failure === undefined && isMine(election)) giveBack(election, step);
  else election.phase = { is: "ended" };
}

/** Records the answer. @returns the error, if the state of the lease is unknown. */
function learn(
  { ha, lease }: Election,
  answer: Answer,
  { mono }: Step,
): MicroscalingError | undefined {
  try {
    if (answer.kind !== "value") throw answer.error;
    noteLease(lease, toLease(ha, answer.value), ha, mono);
    return undefined;
  } catch (error) {
    return asMicroscalingError(error, "ERR_PLUGIN_FAULT", `lease ${ha.lease}`);
  }
}

/** Handles a failed attempt. It is logged once until an attempt succeeds. */
function noteFailure(
  election: Election,
  term: ElectedTerm | undefined,
  { message, code }: MicroscalingError,
  step: Step,
): void {
  if (!election.hasProblem)
    step.commands.push({ type: "log", level: "warn", message, fields: { code } });
  election.hasProblem = true;
  wait(election, term, step);
}

function noteSuccess(election: Election, term: ElectedTerm | undefined, step: Step): void {
  election.hasProblem = false;
  wait(election, term, step);
}

/** Sets the term after a read of the lease. An agent that does not have the lease does not lead, however long its term would last. */
function stillLeading(
  election: Election,
  term: ElectedTerm | undefined,
  step: Step,
): ElectedTerm | undefined {
  if (isMine(election)) return term;
  const holder = election.lease.found?.holder ?? "";
  if (holder !== "") tell(election, `standby: ${holder} leads`, step);
  else if (term !== undefined)
    tell(election, "no longer leads: its lease was deleted or freed", step);
  return undefined;
}

/** Sets the term after a successful write that was sent at `sentAt`: the same term, a new one, or none if that was too long ago. */
function renewed(
  election: Election,
  term: ElectedTerm | undefined,
  sentAt: number,
  step: Step,
): ElectedTerm | undefined {
  const until = sentAt + election.ha.durationMs * TERM;
  if (term !== undefined) return { ...term, until };
  if (step.mono >= until) return undefined;
  tell(election, "leads now", step);
  return { id: ++election.terms, since: step.mono, until };
}

/** Makes the agent a standby. It continues what it is doing about the lease. */
function endTermIfOver(election: Election, step: Step): void {
  const { phase, ha } = election;
  if (!("term" in phase) || phase.term === undefined || step.mono < phase.term.until) return;
  election.phase = { ...phase, term: undefined };
  const within = formatDuration(ha.durationMs * TERM);
  tell(election, `no longer leads: could not renew its lease within ${within}`, step);
}

function end(election: Election, step: Step): void {
  const { phase, lease } = election;
  if (!("term" in phase)) return;
  if (phase.is !== "waiting") step.commands.push({ type: "cancel", id: phase.id });
  if (!lease.certain) election.phase = { is: "leaving", id: sendRead(election, step) };
  else if (isMine(election)) giveBack(election, step);
  else election.phase = { is: "ended" };
}

function giveBack(election: Election, step: Step): void {
  election.phase = { is: "returning", id: sendWrite(election, "", step) };
}

function sendRead({ ha }: Election, { numbers, commands }: Step): number {
  const id = numbers.nextId++;
  commands.push({ type: "readLease", id, timeoutMs: ha.durationMs * CALL });
  return id;
}

function sendWrite(
  { ha: { durationMs }, lease }: Election,
  holder: string,
  { numbers, commands }: Step,
): number {
  const id = numbers.nextId++;
  const claim = { holder, durationMs };
  const over = lease.found?.version;
  commands.push({ type: "writeLease", id, timeoutMs: durationMs * CALL, claim, over });
  // This holds until the write is answered, and also if it is never answered.
  lease.certain = false;
  return id;
}

/** Logs each change of the role once. */
function tell(election: Election, role: string, { commands }: Step): void {
  if (role === election.told) return;
  election.told = role;
  const message = `${role} (lease ${election.ha.lease})`;
  commands.push({ type: "log", level: "info", message }, { type: "roleChanged" });
}
