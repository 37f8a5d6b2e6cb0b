import {
  asMicroscalingError,
  type Clock,
  formatDuration,
  type Lease,
  type LeaseState,
  type Logger,
  type Role,
} from "@microscaling/core";
import type { HaSpec } from "../spec.ts";
import { checkLease } from "./check.ts";
import { withDeadline } from "./deadline.ts";

/** The time from being elected to no longer leading. */
export interface Term {
  /** Aborts when it ends: what was begun in it must end too. */
  readonly signal: AbortSignal;
  /** When it began, by the monotonic clock. Counts from before may lack what another agent did last. */
  readonly since: number;
}

/** Who acts, of the agents that share a lease. */
export interface Leadership {
  /** The term that goes on now; `undefined` for a standby. Ask right before acting. */
  term(): Term | undefined;
  /** `undefined` where no lease is shared. */
  role(): Role | undefined;
  /** Takes part until `end` is called. */
  run(): Promise<void>;
  /** Ends the term and gives the lease back, so that another agent takes over at once; tries no longer than until `signal` aborts. */
  end(signal: AbortSignal): Promise<void>;
}

const ALONE: Term = { signal: new AbortController().signal, since: Number.NEGATIVE_INFINITY };

/** The leadership of an agent that shares no lease: it always acts. */
export const alone: Leadership = {
  term: () => ALONE,
  role: () => undefined,
  run: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

/** What taking part needs. */
export interface LeadContext {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every change of the role. */
  readonly changed: () => void;
}

/**
 * Of the lease's duration: a term ends so long after the last renewal was *sent*, others take the lease so long after they *saw* the
 * last one, which is later. What lies between, a third, is for calls under way to end and for clocks that run unevenly. The shares are
 * those of Kubernetes' own leader election.
 */
const TERM = 2 / 3;
/** How often it is renewed, or looked at. */
const EVERY = 2 / 15;
/** How long one call may take. */
const CALL = 1 / 3;

interface OwnTerm extends Term {
  readonly over: AbortController;
  until: number;
}

/**
 * Takes part in an election by lease. No other machine's clock is trusted: what a record says of times is not looked at, only that it
 * changed, and how long ago by the own monotonic clock.
 */
export function createLeadership(
  lease: Lease,
  { lease: name, holder, durationMs }: HaSpec,
  { clock, logger, changed }: LeadContext,
): Leadership {
  const ending = new AbortController();
  /** The lease as it was found last, and since when it is known to be so. */
  let state: LeaseState | undefined;
  let since = 0;
  /** How long after `since` it is another's. */
  let takenMs = 0;
  /** Whether `state` is what was found last; not while a write may or may not have got through. */
  let certain = false;
  let own: OwnTerm | undefined;
  let told: string | undefined;
  let problem: string | undefined;
  let running: Promise<void> = Promise.resolve();

  const isMine = (): boolean => state?.holder === holder;
  const freeInMs = (): number => since + takenMs - clock.monotonic();

  /** Once for each change. */
  function tell(role: string): void {
    if (role === told) return;
    told = role;
    logger.info(`${role} (lease ${name})`);
    changed();
  }

  function endTerm(why: string): void {
    own?.over.abort(new DOMException(why, "AbortError"));
    own = undefined;
  }

  function ask<T>(
    what: string,
    signal: AbortSignal,
    call: (inner: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timeoutMs = durationMs * CALL;
    return withDeadline({ clock, timeoutMs, signal, what: `lease ${name}: ${what}` }, call);
  }

  function note(found: LeaseState | undefined): void {
    if (found?.version !== state?.version) since = clock.monotonic();
    // One that was there and is gone still has a holder who does not know it yet.
    if (found !== undefined) takenMs = found.holder === "" ? 0 : found.durationMs;
    state = found;
    certain = true;
    if (isMine() || found === undefined || found.holder === "") return;
    const role = `standby: ${found.holder} leads`;
    endTerm(role);
    tell(role);
  }

  async function read(signal: AbortSignal): Promise<void> {
    note(checkLease(name, await ask("read", signal, (inner) => lease.read(inner))));
  }

  /** @returns whether it got through. */
  async function write(by: string, signal: AbortSignal): Promise<boolean> {
    certain = false;
    const reserved = { holder: by, durationMs };
    const written = await ask("write", signal, (inner) =>
      lease.write(reserved, state?.version, inner),
    );
    if (written === undefined) return false;
    note(checkLease(name, written));
    return true;
  }

  /** Renews the lease, or takes it if nobody has it. */
  async function attempt(signal: AbortSignal): Promise<void> {
    // Twice, since the first write may find that an earlier one, given up as lost, got through.
    for (let tries = 0; tries < 2; tries++) {
      if (!certain || !isMine()) await read(signal);
      if (!isMine() && freeInMs() > 0) return;
      const sentAt = clock.monotonic();
      if (await write(holder, signal)) return lead(sentAt + durationMs * TERM);
    }
  }

  function lead(until: number): void {
    if (ending.signal.aborted) return;
    if (own !== undefined) {
      own.until = until;
      return;
    }
    const over = new AbortController();
    own = { over, signal: over.signal, since: clock.monotonic(), until };
    void watchOver(own);
    tell("leads now");
  }

  /** Ends the term in time, whatever hangs. */
  async function watchOver(mine: OwnTerm): Promise<void> {
    while (!mine.signal.aborted) {
      await clock.sleep(mine.until - clock.monotonic(), mine.signal).catch(() => {});
      endIfOver();
    }
  }

  function endIfOver(): void {
    if (own === undefined || clock.monotonic() < own.until) return;
    const role = `no longer leads: could not renew its lease within ${formatDuration(durationMs * TERM)}`;
    endTerm(role);
    tell(role);
  }

  async function attemptAndTell(signal: AbortSignal): Promise<void> {
    try {
      await attempt(signal);
      problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const fault = asMicroscalingError(error, "ERR_PLUGIN_FAULT", `lease ${name}`);
      if (problem === undefined) logger.warn(fault.message, { code: fault.code });
      problem = fault.message;
    }
  }

  /** Until the next attempt: a lease that runs out before it is taken at once. */
  function pauseMs(): number {
    const everyMs = durationMs * EVERY;
    const free = own === undefined ? freeInMs() : 0;
    return free > 0 ? Math.min(everyMs, free) : everyMs;
  }

  async function takePart({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      await attemptAndTell(signal);
      await clock.sleep(pauseMs(), signal).catch(() => {});
    }
  }

  async function giveBack(signal: AbortSignal): Promise<void> {
    if (!certain) await read(signal);
    if (isMine()) await write("", signal);
  }

  return {
    term() {
      endIfOver();
      return own;
    },
    role() {
      endIfOver();
      if (own !== undefined) return { lease: name, leads: true, leader: holder };
      const isKnown = state !== undefined && !isMine() && freeInMs() > 0;
      return { lease: name, leads: false, leader: isKnown ? state?.holder : undefined };
    },
    run() {
      running = takePart(ending);
      return running;
    },
    async end(signal) {
      ending.abort(new DOMException("this agent ends", "AbortError"));
      await running;
      endTerm("this agent ends");
      // Else it runs out by itself.
      await giveBack(signal).catch(() => {});
    },
  };
}
