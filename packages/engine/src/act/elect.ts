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
 * Of the lease's duration: a term ends so long after the last renewal was *sent*. Others take the lease a whole duration after they *saw*
 * that renewal, which is later. The third in between is for calls under way to end and for clocks that run unevenly. The shares are those
 * of Kubernetes' own leader election.
 */
const TERM = 2 / 3;
/** How long after an attempt the next one begins: to renew the lease, or to look at it. */
const EVERY = 2 / 15;
/** How long one call may take. */
const CALL = 1 / 3;
/** Writes in one attempt. The first may only show that an earlier one, given up as lost, took effect. */
const MOST_TRIES = 2;

/** What one step sees and collects. */
interface Step {
  readonly mono: number;
  readonly numbers: { nextId: number };
  readonly commands: ElectionCommand[];
}

/**
 * Changes `election` as the event demands. No other machine's clock is trusted: what a lease says of times is ignored. Only that it changed
 * counts, and how long ago that was by the own monotonic clock.
 * @param numbers where the next call gets its number from; no number is used twice
 * @returns what to do now, in this order
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

/** Renews the lease, or takes it if nobody has it. */
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

/** Until the next attempt. A lease that runs out before that is taken at once. */
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
  // If giving it back failed, the lease runs out by itself.
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

/** Another write was first: somebody else's, or an earlier one of this agent's own. */
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

/** Takes in what was found. @returns why that is unknown, if it is. */
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

/** An attempt has failed, which is logged once until one succeeds. */
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

/** The term after a look at the lease: whoever does not have the lease does not lead, however long the term would last. */
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

/** The term after a write that was sent at `sentAt` and took effect: the same one, a new one, or none if that is long ago. */
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

/** The agent goes on as a standby with what it is doing. */
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
  // Until it is answered, and also if it never is.
  lease.certain = false;
  return id;
}

/** Once for each change. */
function tell(election: Election, role: string, { commands }: Step): void {
  if (role === election.told) return;
  election.told = role;
  const message = `${role} (lease ${election.ha.lease})`;
  commands.push({ type: "log", level: "info", message }, { type: "roleChanged" });
}
