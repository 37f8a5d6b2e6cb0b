import type { LeaseState } from "@microscaling/core";
import { stepElection } from "../src/act/elect.ts";
import {
  openElection,
  termAt,
  wakeElectionAt,
  type Answered,
  type Election,
  type ElectionCommand,
  type ElectionEvent,
} from "../src/act/election.ts";
import { fair, type Weather } from "./memory-lease.ts";

/** What one agent goes through. When it dies or ends, another one takes its place, under another name. */
export interface Fate {
  /** How its calls fare, over and over. */
  readonly weather: readonly Weather[];
  /** How fast its clock runs. */
  readonly rate: number;
  /** The lease's duration for it and for those who take its place, over and over, in milliseconds. */
  readonly durationsMs: readonly number[];
  /** What happens to it, one after the other. */
  readonly blows: readonly Blow[];
}

/** `freeze`: the process is stopped for `ms`. `die`: it is gone. `end`: the same in good order. */
export interface Blow {
  readonly afterMs: number;
  readonly what: "freeze" | "die" | "end";
  readonly ms: number;
}

/** What somebody else does to the lease. `delete`: it is gone. `claim`: it gets a holder who is no agent, and any duration. */
export interface Meddling {
  readonly afterMs: number;
  readonly what: "delete" | "claim";
  readonly durationMs: unknown;
}

/** What happened in a world. */
export interface Lived {
  /** What must never happen. */
  readonly violations: readonly string[];
  readonly elections: number;
  readonly deletions: number;
  readonly claims: number;
  /** Answers that came when their call was no longer waited for. */
  readonly stale: number;
  /** Who leads at the end. */
  readonly leaders: readonly string[];
}

type Call = Extract<ElectionCommand, { readonly timeoutMs: number }>;

interface Agent {
  readonly name: string;
  readonly fate: Fate;
  readonly election: Election;
  readonly numbers: { nextId: number };
  state: "alive" | "frozen" | "gone";
  /** What it hears when it is no longer frozen. */
  readonly unheard: { readonly isTimer: boolean; readonly event: ElectionEvent }[];
  /** Calls that are waited for. */
  readonly calls: Set<number>;
  sent: number;
  /** The newest wake-up: the others have been replaced. */
  wake: number;
  /** Terms that it has known to be over. */
  over: number;
}

/** How long the trouble lasts, in milliseconds. */
const TROUBLE_MS = 90_000;
/** The longest that a call may be on its way, so that nothing of the trouble is left after it. */
const LAST_CALL_MS = 16_000;

/** Far more than happens where no agent wakes itself without end. */
const MOST_HAPPENINGS = 50_000;

/** Lets agents share one lease, in a world without promises. All times are in milliseconds of the world's own clock. */
export function liveElections(fates: readonly Fate[], meddlings: readonly Meddling[]): Lived {
  const queue: { readonly at: number; readonly run: () => void }[] = [];
  const agents: Agent[] = [];
  const violations: string[] = [];
  const longestMs = Math.max(...fates.flatMap((fate) => fate.durationsMs));
  const areEqual = fates.every((fate) => fate.durationsMs.every((ms) => ms === longestMs));
  let now = 0;
  let lease: LeaseState | undefined;
  let versions = 0;
  let deletedAt = Number.NEGATIVE_INFINITY;
  let elections = 0;
  let deletions = 0;
  let claims = 0;
  let stale = 0;
  let calm = false;
  let happened = 0;

  /** In order; of two at the same time, the one that was planned first. */
  function after(ms: number, run: () => void): void {
    const at = now + ms;
    queue.splice(queue.findLastIndex((other) => other.at <= at) + 1, 0, { at, run });
  }
  const monoOf = ({ fate }: Agent): number => now * fate.rate;

  function live(untilMs: number): void {
    while (queue[0] !== undefined && queue[0].at <= untilMs) {
      const due = queue.shift()!;
      if (++happened > MOST_HAPPENINGS) throw new Error(`${now}: the world never comes to rest`);
      now = due.at;
      due.run();
      look();
    }
    now = untilMs;
  }

  /** Also those that are frozen or dead count: their clocks go on, so their terms must be over in time. */
  function look(): void {
    const leading = agents.filter((agent) => termAt(agent.election, monoOf(agent)) !== undefined);
    if (leading.length > 1)
      violations.push(`${now}: ${leading.map(({ name }) => name).join(" and ")} lead`);
  }

  function tell(agent: Agent, event: ElectionEvent, isTimer = false): void {
    if (agent.state === "gone") return;
    if (agent.state === "frozen") {
      agent.unheard.push({ isTimer, event });
      return;
    }
    // A runtime would not tell a late answer. Here it is told, and nothing must come of it.
    if ("id" in event && !agent.calls.delete(event.id)) stale++;
    const { election } = agent;
    if (termAt(election, monoOf(agent)) === undefined) agent.over = election.terms;
    const terms = election.terms;
    const mono = monoOf(agent);
    const commands = stepElection(election, event, { mono }, agent.numbers);
    elections += election.terms - terms;
    const term = termAt(election, mono);
    if (term !== undefined && term.id <= agent.over)
      violations.push(`${now}: term ${term.id} of ${agent.name} began again`);
    for (const command of commands) obey(agent, command);
    const wake = ++agent.wake;
    const inMs = Math.ceil(wakeElectionAt(election) - mono);
    if (inMs < Number.POSITIVE_INFINITY)
      after(Math.max(0, inMs) / agent.fate.rate, () => {
        if (agent.wake === wake) tell(agent, { type: "time" }, true);
      });
  }

  function obey(agent: Agent, command: ElectionCommand): void {
    if (command.type === "cancel") agent.calls.delete(command.id);
    if (command.type === "readLease" || command.type === "writeLease") send(agent, command);
    if (agent.calls.size > 1) violations.push(`${now}: ${agent.name} has two calls under way`);
  }

  function send(agent: Agent, command: Call): void {
    const { id, timeoutMs } = command;
    const type = command.type === "readLease" ? "leaseRead" : "leaseWritten";
    const { weather } = agent.fate;
    const { beforeMs, afterMs, fails, deaf } = calm
      ? fair
      : (weather[agent.sent++ % weather.length] ?? fair);
    agent.calls.add(id);
    const answer = (given: Answered["answer"]): void => tell(agent, { type, id, answer: given });
    after(beforeMs, () => {
      const isWaitedFor = agent.calls.has(id) && agent.state !== "gone";
      if (fails === "unsent" || (!isWaitedFor && !deaf)) {
        if (isWaitedFor) answer({ kind: "error", error: new Error("unsent") });
        return;
      }
      const value = take(command);
      after(afterMs, () =>
        answer(
          fails === "no"
            ? { kind: "value", value }
            : { kind: "error", error: new Error("unheard") },
        ),
      );
    });
    after(timeoutMs / agent.fate.rate, () => {
      if (!agent.calls.has(id)) return;
      tell(agent, { type, id, answer: { kind: "abandoned", error: new Error("late") } }, true);
    });
  }

  function take(command: Call): LeaseState | undefined {
    if (command.type === "readLease") return lease;
    if (lease?.version !== command.over) return undefined;
    lease = { ...command.claim, version: `v${++versions}` };
    return lease;
  }

  function begin(fate: Fate, name: string, born: number): Agent {
    const durationMs = fate.durationsMs[born % fate.durationsMs.length] ?? longestMs;
    const agent: Agent = {
      name: `${name}${born}`,
      fate,
      election: openElection({ lease: "main", holder: `${name}${born}`, durationMs }),
      numbers: { nextId: 1 },
      state: "alive",
      unheard: [],
      calls: new Set(),
      sent: 0,
      wake: 0,
      over: 0,
    };
    agents.push(agent);
    tell(agent, { type: "time" });
    return agent;
  }

  /** An agent that never saw the lease cannot know that it was deleted a moment ago, so none begins then. */
  const mayBegin = (): boolean => lease !== undefined || now > deletedAt + longestMs * 1.1;

  function suffer(fate: Fate, name: string, born: number, blows: readonly Blow[]): void {
    if (!mayBegin()) return after(500, () => suffer(fate, name, born, blows));
    strike(begin(fate, name, born), blows, (rest) => suffer(fate, name, born + 1, rest));
  }

  function strike(
    agent: Agent,
    [blow, ...rest]: readonly Blow[],
    replace: (rest: readonly Blow[]) => void,
  ): void {
    if (blow === undefined) return;
    after(blow.afterMs, () => {
      if (blow.what === "freeze") {
        agent.state = "frozen";
        return after(blow.ms, () => {
          thaw(agent, blow.ms % 2 === 0);
          strike(agent, rest, replace);
        });
      }
      if (blow.what === "end") tell(agent, { type: "end" });
      else agent.state = "gone";
      return replace(rest);
    });
  }

  /** What has happened meanwhile comes all at once, and timers may run before answers that came sooner. */
  function thaw(agent: Agent, timersFirst: boolean): void {
    agent.state = "alive";
    const missed = agent.unheard.splice(0);
    if (timersFirst) missed.sort((a, b) => Number(b.isTimer) - Number(a.isTimer));
    for (const { event, isTimer } of missed) tell(agent, event, isTimer);
  }

  function meddle({ what, durationMs }: Meddling): void {
    const running = agents.filter(
      ({ state, election }) => state !== "gone" && election.phase.is !== "ended",
    );
    if (what === "claim") {
      // Whoever takes the lease from a leader breaks the promise that agents give each other.
      const isLed = agents.some((agent) => termAt(agent.election, monoOf(agent)) !== undefined);
      if (isLed || running.some(({ election }) => election.phase.is === "writing")) return;
      lease = { holder: "stranger", durationMs: durationMs as number, version: `v${++versions}` };
      claims++;
      return;
    }
    // Who has seen no lease, or one with a shorter duration, cannot know for how long another may still lead.
    const allKnow = running.every(({ election }) => election.lease.found !== undefined);
    if (lease === undefined || !allKnow || !areEqual) return;
    lease = undefined;
    deletedAt = now;
    deletions++;
  }

  for (const [i, fate] of fates.entries()) suffer(fate, `agent-${i}-`, 0, fate.blows);
  let meddlingMs = 0;
  for (const meddling of meddlings) after((meddlingMs += meddling.afterMs), () => meddle(meddling));
  live(TROUBLE_MS);
  calm = true;
  live(TROUBLE_MS + LAST_CALL_MS + 5 * longestMs);
  const leaders = agents
    .filter((agent) => agent.state !== "gone")
    .filter((agent) => termAt(agent.election, monoOf(agent)) !== undefined)
    .map((agent) => agent.name);
  return { violations, elections, deletions, claims, stale, leaders };
}
