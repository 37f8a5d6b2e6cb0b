import type { Decision, Limit, LogFields, Logger, Monitor } from "@microscaling/core";
import { explain } from "@microscaling/engine";

/** What was last logged of one task. */
interface Seen {
  /** The number that was last asked for, once it differed from what there was. */
  ask: number | undefined;
  /** What was asked for has come true since. */
  settled: boolean;
  /** The troubles of the last turn, as a key. */
  trouble: string;
}

/** Makes the monitor that logs one line for every change, one when a task gets held or free again, and nothing while all is quiet. */
export function createChangeLog(logger: Logger): Monitor {
  const seen = new Map<string, Seen>();

  function report(decision: Decision): void {
    const before = seen.get(decision.task);
    const trouble = troubleOf(decision);
    const now = before ?? { ask: undefined, settled: true, trouble };
    seen.set(decision.task, now);
    const changed = logChange(logger, decision, now);
    if (trouble !== now.trouble && !changed) logTrouble(logger, decision, trouble);
    now.trouble = trouble;
  }

  return {
    report(record) {
      for (const decision of record.decisions) report(decision);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** Logs a change once: not again while it comes true step by step, but again when what had come true is lost. */
function logChange(logger: Logger, decision: Decision, seen: Seen): boolean {
  const { ask, counts, task } = decision;
  if (ask === undefined || counts === undefined) return false;
  if (ask === counts.requested) {
    seen.settled = true;
    return false;
  }
  if (ask === seen.ask && !seen.settled) return false;
  seen.ask = ask;
  seen.settled = false;
  const from = counts.requested;
  logger.info(`${task} ${from} -> ${ask}: ${explain(decision)}`, fieldsOf(decision, from, ask));
  return true;
}

function fieldsOf(decision: Decision, from: number, to: number): LogFields {
  return {
    task: decision.task,
    from,
    to,
    wish: decision.wish,
    grant: decision.grant,
    reading: decision.reading?.value,
    limits: decision.limits.map((limit) => limit.by),
  };
}

function logTrouble(logger: Logger, decision: Decision, trouble: string): void {
  const fields = { task: decision.task, limits: decision.limits.map((limit) => limit.by) };
  if (trouble === "") logger.info(`${decision.task} scales freely again`, fields);
  else logger.warn(`${decision.task}: ${explain(decision)}`, fields);
}

/** What keeps a task from scaling at all, for people to look at. Bounds and a full capacity are everyday life, not trouble. */
function troubleOf(decision: Decision): string {
  return decision.limits
    .map((limit) => troubleKey(limit))
    .filter((key) => key !== undefined)
    .join(";");
}

function troubleKey(limit: Limit): string | undefined {
  if (limit.by === "overcommitted") return limit.by;
  if (limit.by !== "held" && limit.by !== "backoff" && limit.by !== "counts") return undefined;
  // A reason with an age or a countdown in it is the same trouble at every turn.
  return `${limit.by}:${limit.reason.replaceAll(/\d+(?:\.\d+)?(?:ms|s|m|h)?/g, "#")}`;
}
