import { asMicroscalingError, type Decision, type ErrorCode } from "@microscaling/core";
import type { Answer, Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import { checkOutcome } from "../observe/check.ts";
import { requestedOf } from "../observe/observed.ts";
import { poke } from "../observe/pace.ts";
import { changed, toSchedulerTask, type AgentState, type Task } from "../state.ts";
import { hasToWait, growthAfterFailures, noteAccepted, noteBusy } from "./back-off.ts";
import { crashReason, growthInLoop, noteGrowth, noteNoGrowth } from "./crash-loop.ts";
import { forgetProblem, noteTaskFailure } from "./failure.ts";
import { abandoned, ended, isCalling, sent } from "./ledger.ts";
import { prepareAnew } from "./prepare.ts";

/**
 * If only part of what was granted can start, the start waits this long for stops that make room for the rest, in milliseconds. A task has only
 * one call in progress, so the rest could otherwise start only after the first instances are up.
 */
const GATHER_MS = 100;

/** A period in which this agent may act. */
export interface Term {
  /** When the term began, by the monotonic clock. Earlier counts may lack what another agent did last. */
  readonly since: number;
  /** When the term ends at the latest, by the monotonic clock. */
  readonly until: number;
}

/** Sets by how much every task may grow. Call this before every decision. */
export function limitGrowth({ tasks, spec }: AgentState, now: Moment): void {
  for (const task of tasks) {
    const { preparation, counts, backOff, crashLoop } = task;
    const backendTries = spec.scheduler.replaces && (counts?.requested ?? 0) > 0;
    const inLoop = growthInLoop(crashLoop, backendTries, now);
    const afterFailures = growthAfterFailures(backOff, now);
    const { schedulerProblem = "the scheduler failed", schedulerCode } = task;
    if (preparation.phase !== "ready") set(task, 0, preparation.reason, schedulerCode);
    else if (inLoop !== undefined) set(task, inLoop, crashReason(backendTries, counts));
    else if (afterFailures === undefined) set(task, Number.POSITIVE_INFINITY, "");
    else set(task, afterFailures, `backing off: ${schedulerProblem}`, schedulerCode);
  }
}

function set(task: Task, growth: number, reason: string, code?: ErrorCode): void {
  task.growth = growth;
  task.growthReason = reason;
  task.growthCode = code;
}

/**
 * Asks the scheduler for what was decided, unless a call for the task is in progress or the task backs off. Asks for nothing before there are
 * counts from the current term.
 * @param isLast whether there is no later turn to wait for
 */
export function act(
  state: AgentState,
  decisions: readonly Decision[],
  { term, isLast }: { readonly term: Term; readonly isLast: boolean },
  now: Moment,
  commands: Command[],
): void {
  if (state.counting.countedAt < term.since || now.mono >= term.until) return;
  for (const [i, { requested, granted }] of decisions.entries()) {
    const task = state.tasks[i]!;
    if (requested === undefined || task.counts === undefined) continue;
    const current = requestedOf(task);
    if (requested === current || isCalling(task.pending, now)) continue;
    const grows = requested > current;
    if (!isLast && gathers(state, task, grows && requested < granted, now)) continue;
    if (hasToWait(task.backOff, grows, now)) continue;
    const id = state.nextId++;
    task.gatherUntil = undefined;
    task.backOff.grew = grows;
    if (grows) noteGrowth(task.crashLoop);
    task.pending = [...task.pending, sent(id, requested)];
    const { until } = term;
    commands.push({
      type: "scale",
      id,
      task: toSchedulerTask(task.spec),
      instances: requested,
      until,
    });
  }
}

/** Whether a start waits for more room. If so, a turn is due when it has waited long enough. */
function gathers({ turn }: AgentState, task: Task, isPart: boolean, now: Moment): boolean {
  if (!isPart) task.gatherUntil = undefined;
  else task.gatherUntil ??= now.mono + GATHER_MS;
  if (task.gatherUntil === undefined || now.mono >= task.gatherUntil) return false;
  turn.dueAt = Math.min(turn.dueAt, task.gatherUntil);
  return true;
}

/** Records that a request was answered or given up. */
export function noteScaled(
  state: AgentState,
  event: { readonly task: string; readonly id: number; readonly answer: Answer },
  now: Moment,
  commands: Command[],
): void {
  const task = taskOf(state, event.task);
  const request = task?.pending.find(({ id }) => id === event.id);
  if (task === undefined || request?.phase !== "sent") return;
  const { name, timeoutMs } = state.spec.scheduler;
  const { answer } = event;
  if (answer.kind === "abandoned") abandoned(request, timeoutMs, now);
  else ended(request, now);
  try {
    if (answer.kind !== "value") throw answer.error;
    const outcome = checkOutcome(name, event.task, answer.value);
    if (outcome.status === "failed") throw outcome.error;
    if (outcome.status === "accepted") {
      request.isAccepted = true;
      noteAccepted(task.backOff);
      forgetProblem(task);
    } else {
      noteNoGrowth(task.crashLoop);
      noteBusy(task.backOff, outcome.retryAfterMs, now);
    }
  } catch (cause) {
    noteNoGrowth(task.crashLoop);
    const what = `scheduler ${name}: scale ${event.task} to ${request.instances}`;
    const error = asMicroscalingError(cause, "ERR_PLUGIN_FAULT", what);
    if (!isCancelled(answer)) {
      noteTaskFailure(task, error, now, commands);
      prepareAnew(state, task, error);
    }
  }
  // Only fresh counts show the result.
  poke(state.counting.pace);
  changed(state, now);
}

/** Whether the engine itself ended the call, which is not a failure. */
function isCancelled(answer: Answer): boolean {
  if (answer.kind !== "abandoned") return false;
  return answer.error instanceof Error && answer.error.name === "AbortError";
}

/** Records that an abandoned request has returned. */
export function noteReturned({ tasks, counting }: AgentState, id: number, now: Moment): void {
  for (const { pending } of tasks) {
    const request = pending.find((other) => other.id === id);
    if (request?.phase !== "abandoned") continue;
    ended(request, now);
    poke(counting.pace);
  }
}

/** Records that the scheduler reports a failure of a request that it had accepted. */
export function noteFailed(
  state: AgentState,
  event: { readonly task: string; readonly error: unknown },
  now: Moment,
  commands: Command[],
): void {
  const task = taskOf(state, event.task);
  const { name } = state.spec.scheduler;
  const error = asMicroscalingError(event.error, "ERR_PLUGIN_FAULT", `scheduler ${name}`);
  if (task !== undefined) {
    noteTaskFailure(task, error, now, commands);
    prepareAnew(state, task, error);
  }
  poke(state.counting.pace);
  changed(state, now);
}

/**
 * Whether the engine cannot act for any scaled task, because no task can be counted or every request fails.
 * @param decisions the decisions of this turn
 */
export function isBlocked(
  { tasks, election }: AgentState,
  decisions: readonly Decision[],
): boolean {
  if (election?.hasProblem === true) return true;
  const scaled = decisions.filter((_, i) => tasks[i]!.spec.priority > 0);
  return scaled.length > 0 && decisions.every((decision, i) => cannotChange(tasks[i]!, decision));
}

function cannotChange(task: Task, { requested, limits }: Decision): boolean {
  if (task.spec.priority === 0 || requested === undefined) return true;
  const isHeld = limits.some(({ by }) => by === "backoff");
  const wantsChange = isHeld || task.pending.length > 0 || requested !== requestedOf(task);
  return wantsChange && task.backOff.failures > 0;
}

/** Gives up every request in progress, because the term or the engine has ended. */
export function cancelRequests({ tasks }: AgentState, commands: Command[]): void {
  for (const { pending } of tasks)
    for (const { id, phase } of pending)
      if (phase === "sent") commands.push({ type: "cancel", id });
}

/** Whether any request is in progress. */
export function isAtWork({ tasks }: AgentState): boolean {
  return tasks.some(({ pending }) => pending.some(({ phase }) => phase === "sent"));
}

function taskOf({ tasks }: AgentState, name: string): Task | undefined {
  return tasks.find(({ spec }) => spec.name === name);
}
