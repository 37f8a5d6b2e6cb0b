import { type Clock, type Lease, type Logger, untilAborted, type Role } from "@microscaling/core";
import {
  type ElectionCommand,
  type ElectionEvent,
  openElection,
  roleAt,
  termAt,
  wakeElectionAt,
} from "../src/act/election.ts";
import { stepElection } from "../src/act/elect.ts";
import type { HaSpec } from "../src/spec.ts";
import { withDeadline } from "../src/runtime/deadline.ts";

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

/** What taking part needs. */
export interface LeadContext {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after every change of the role. */
  readonly changed: () => void;
}

type Call = Extract<ElectionCommand, { readonly timeoutMs: number }>;

/** Takes part in an election by lease: does what {@link stepElection} says, and tells it what happened. */
export function createLeadership(
  lease: Lease,
  ha: HaSpec,
  { clock, logger, changed }: LeadContext,
): Leadership {
  const election = openElection(ha);
  const numbers = { nextId: 1 };
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  let own: (Term & { readonly id: number; readonly over: AbortController }) | undefined;
  let calling = new AbortController();
  let timer = new AbortController();

  function dispatch(event: ElectionEvent): void {
    const commands = stepElection(election, event, { mono: clock.monotonic() }, numbers);
    followTerm();
    for (const command of commands) execute(command);
    if (election.phase.is === "ended") ended.resolve();
    wakeInTime();
  }

  function followTerm(): void {
    const now = termAt(election, clock.monotonic());
    if (now?.id === own?.id) return;
    own?.over.abort(new DOMException("the term has ended", "AbortError"));
    const over = new AbortController();
    own = now && { id: now.id, since: now.since, over, signal: over.signal };
  }

  function execute(command: ElectionCommand): void {
    if (command.type === "cancel") calling.abort();
    else if (command.type === "log") logger[command.level](command.message, command.fields);
    else if (command.type === "roleChanged") changed();
    else void call(command);
  }

  async function call(command: Call): Promise<void> {
    const { signal } = (calling = new AbortController());
    const { id, timeoutMs } = command;
    const [type, verb] =
      command.type === "readLease"
        ? (["leaseRead", "read"] as const)
        : (["leaseWritten", "write"] as const);
    const what = `lease ${ha.lease}: ${verb}`;
    const answer = await withDeadline({ clock, timeoutMs, signal, what }, (inner) =>
      command.type === "readLease"
        ? lease.read(inner)
        : lease.write(command.claim, command.over, inner),
    ).then(
      (value) => ({ kind: "value", value }) as const,
      (error: unknown) => ({ kind: "error", error }) as const,
    );
    dispatch({ type, id, answer });
  }

  function wakeInTime(): void {
    timer.abort();
    timer = new AbortController();
    const inMs = wakeElectionAt(election) - clock.monotonic();
    if (inMs === Number.POSITIVE_INFINITY) return;
    clock.sleep(Math.ceil(inMs), timer.signal).then(
      () => dispatch({ type: "time" }),
      () => {},
    );
  }

  function noteTime(): void {
    if (own !== undefined && termAt(election, clock.monotonic()) === undefined)
      dispatch({ type: "time" });
  }

  return {
    term() {
      noteTime();
      return own;
    },
    role() {
      noteTime();
      return roleAt(election, clock.monotonic());
    },
    run() {
      dispatch({ type: "time" });
      return ended.promise;
    },
    async end(signal) {
      dispatch({ type: "end" });
      await untilAborted(signal, ended.promise).catch(() => {});
      calling.abort();
    },
  };
}
