import type { DecisionRecord } from "@microscaling/core";
import { createDecider, type Decider } from "../decide/decider.ts";
import type { EngineContext, EngineSpec } from "../spec.ts";
import { createActor } from "./act.ts";
import { createBoard, type Board } from "./board.ts";
import type { Leadership, Term } from "./lead.ts";
import { createMeasurer, type Measurer } from "./measure.ts";
import type { Reporter } from "./reporter.ts";
import { watchCounts } from "./watch-counts.ts";
import { watchSource } from "./watch-metrics.ts";

/** The loop wakes at least this often, in milliseconds. */
const TICK_MS = 500;
/** Changes that come within this time of the first are decided on together, in milliseconds. */
const COALESCE_MS = 2;

/** One spec at work: from a start or a reload to the next. */
export interface Session {
  readonly spec: EngineSpec;
  readonly board: Board;
  readonly decider: Decider;
  readonly measurer: Measurer;
  record: DecisionRecord | undefined;
  /** Watches, decides and acts until `end` is called. */
  start(): void;
  once(act: boolean): Promise<DecisionRecord>;
  /** Counts anew and decides, since another one acts now. */
  roleChanged(): void;
  /** Ends watching and deciding, and waits for the calls under way. */
  end(): Promise<void>;
}

/** What a session needs besides its spec. */
export interface SessionContext extends EngineContext {
  readonly reporter: Reporter;
  readonly lead: Pick<Leadership, "term" | "role">;
  /** Lives as long as the engine. */
  readonly life: AbortSignal;
}

/** Sets up a session; what an old one knows of tasks that stay is taken over. Starts nothing. */
export function openSession(spec: EngineSpec, context: SessionContext, old?: Session): Session {
  const { clock, logger, random, life, reporter, dryRun, lead, recorder } = context;
  const ended = new AbortController();
  const signal = AbortSignal.any([life, ended.signal]);
  const decider = createDecider(spec, old?.decider);
  let woken = Promise.withResolvers<void>();
  let wokenAt: number | undefined;
  const changed = (): void => {
    // Measured, not decided by: hence not the injected clock.
    wokenAt ??= performance.now();
    woken.resolve();
  };
  const board = createBoard(spec.tasks, changed, old?.board);
  const watching = { clock, logger, board, signal };
  const measurer = createMeasurer(spec, { clock, logger, signal, changed }, old?.measurer);
  const counts = watchCounts(
    spec.scheduler,
    {
      observed: (startedAt) => actor.observed(startedAt),
      failed: (task, error) => actor.failed(task, error),
    },
    watching,
  );
  const actor = createActor({
    scheduler: spec.scheduler,
    board,
    clock,
    logger,
    random,
    signal: life,
    poke: () => counts.poke(),
  });
  const sources = [...spec.sources].flatMap(([name, source]) => {
    const slots = board.slots.filter(({ task }) => task.metric?.source === name);
    return slots.length === 0 ? [] : [watchSource(source, slots, watching)];
  });

  function turn({ acts }: { readonly acts: boolean }): DecisionRecord {
    const startedAt = performance.now();
    const lagMs = wokenAt === undefined ? 0 : startedAt - wokenAt;
    wokenAt = undefined;
    const at = clock.now();
    if (acts) actor.refresh(at);
    const measured = measurer.measured();
    const decisions = decider.decide(board.slots, measured, at);
    recorder?.decided({ at, measured, observed: board.slots, decisions });
    const role = lead.role();
    const decideMs = performance.now() - startedAt;
    session.record = { at, decisions, decideMs, lagMs, ...(role === undefined ? {} : { role }) };
    return session.record;
  }

  /** A dry run has none: it never acts. */
  const term = (): Term | undefined => (dryRun ? undefined : lead.term());

  function act({ decisions }: DecisionRecord, once: boolean): void {
    const now = term();
    if (now !== undefined) actor.apply(decisions, { term: now, once });
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await sleepUntilWoken();
      woken = Promise.withResolvers<void>();
      const record = turn({ acts: !dryRun });
      act(record, false);
      reporter.report(record);
    }
  }

  async function sleepUntilWoken(): Promise<void> {
    const early = new AbortController();
    const tick = clock.sleep(TICK_MS, AbortSignal.any([signal, early.signal]));
    await Promise.race([woken.promise, tick]).finally(() => early.abort());
    tick.catch(() => {});
    if (wokenAt !== undefined) await clock.sleep(COALESCE_MS, signal);
  }

  function background(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!signal.aborted) logger.error(`${what} ended by a fault of the engine's own`, { error });
    });
  }

  recorder?.opened(spec, old !== undefined);
  const session: Session = {
    spec,
    board,
    decider,
    measurer,
    record: undefined,
    start() {
      if (!dryRun) background("making tasks ready", actor.prepare({ once: false }));
      background("measuring the capacity", measurer.run());
      background("watching counts", counts.run());
      for (const source of sources) background("watching a metric", source.run());
      background("the loop", run());
    },
    async once(asks) {
      await Promise.all([
        measurer.observe(),
        counts.observe(),
        ...sources.map((source) => source.read()),
      ]);
      const acts = asks && term() !== undefined;
      if (acts) await actor.prepare({ once: true });
      const record = turn({ acts });
      if (acts) act(record, true);
      await actor.settled();
      reporter.report(record);
      return record;
    },
    roleChanged() {
      counts.poke();
      changed();
    },
    async end() {
      ended.abort(new DOMException("the session has ended", "AbortError"));
      await actor.settled();
    },
  };
  return session;
}
