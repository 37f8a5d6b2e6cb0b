import type { Clock, Decision, Limit, LogFields, Logger, Monitor } from "@microscaling/core";
import { explain } from "@microscaling/engine";
import { forgetOthers } from "./forget.ts";

/** What was last logged of one task. */
interface Seen {
  /** The `granted` that was last logged. */
  granted: number | undefined;
  /** What was requested has come true since. */
  settled: boolean;
  /** The troubles of the last turn, as a key. */
  trouble: string;
  /** When they began, in milliseconds by the monotonic clock. */
  since: number;
  /** The troubles that were last logged. */
  logged: string;
}

/**
 * Trouble, or the end of it, shorter than this, in milliseconds, is not worth a line: at the start nothing is read or counted yet, and
 * in a crash loop every new try is free for a moment.
 */
const TROUBLE_MS = 2000;

/** Makes the monitor that logs one line for every change, one when a task gets held or free again, and nothing while all is quiet. */
export function createChangeLog(logger: Logger, clock: Clock): Monitor {
  const seen = new Map<string, Seen>();

  function report(decision: Decision, at: number, isStandby: boolean): void {
    let now = seen.get(decision.task);
    if (now === undefined) {
      now = { granted: undefined, settled: true, trouble: "", since: at, logged: "" };
      seen.set(decision.task, now);
    }
    // What a standby decides is not done.
    if (isStandby) forgetChange(now);
    else logChange(logger, decision, now);
    logTrouble(logger, decision, now, at);
  }

  return {
    report(record) {
      const isStandby = record.role?.leads === false;
      const at = clock.monotonic();
      for (const decision of record.decisions) report(decision, at, isStandby);
      forgetOthers(seen, record);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function forgetChange(seen: Seen): void {
  seen.granted = undefined;
  seen.settled = true;
}

/**
 * Logs a change once: not again while it comes true step by step, as others stop and instances start, but again when what had come
 * true is lost.
 */
function logChange(logger: Logger, decision: Decision, seen: Seen): void {
  const { requested, counts, granted, task } = decision;
  if (requested === undefined || counts === undefined) return;
  const from = counts.requested;
  if (granted === from) seen.settled = true;
  if (granted === from || (granted === seen.granted && !seen.settled)) return;
  seen.granted = granted;
  seen.settled = false;
  logger.info(`${task} ${from} → ${granted}: ${explain(decision)}`, fieldsOf(decision, from));
}

function fieldsOf(decision: Decision, from: number): LogFields {
  return {
    task: decision.task,
    from,
    to: decision.granted,
    desired: decision.desired,
    reading: decision.reading?.value,
    limits: decision.limits.map((limit) => limit.by),
  };
}

/** Logs trouble that lasts, once, and once that it is over. */
function logTrouble(logger: Logger, decision: Decision, seen: Seen, at: number): void {
  const trouble = troubleOf(decision);
  if (trouble !== seen.trouble) seen.since = at;
  seen.trouble = trouble;
  const lasts = at - seen.since >= TROUBLE_MS;
  if (trouble === seen.logged || !lasts) return;
  seen.logged = trouble;
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
