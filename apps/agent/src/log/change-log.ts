import type {
  Clock,
  Decision,
  ErrorCode,
  Limit,
  LogFields,
  Logger,
  Monitor,
} from "@microscaling/core";
import { explain, limitText } from "@microscaling/engine";
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
  /** When there came to be any trouble, or none, likewise. */
  turned: number;
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

  function seenOf({ task }: Decision, at: number): Seen {
    const known = seen.get(task);
    if (known !== undefined) return known;
    const fresh = {
      granted: undefined,
      settled: true,
      trouble: "",
      since: at,
      turned: at,
      logged: "",
    };
    seen.set(task, fresh);
    return fresh;
  }

  return {
    report(record) {
      const isStandby = record.role?.leads === false;
      const at = clock.monotonic();
      // By the trouble; the end of any is the empty one.
      const news = new Map<string, Decision[]>();
      for (const decision of record.decisions) {
        const now = seenOf(decision, at);
        // What a standby decides is not done.
        if (isStandby) forgetChange(now);
        else logChange(logger, decision, now);
        const trouble = noteTrouble(decision, now, at);
        if (trouble !== undefined) news.set(trouble, [...(news.get(trouble) ?? []), decision]);
      }
      for (const [trouble, decisions] of news) logTrouble(logger, trouble, decisions);
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

/** @returns the trouble, or that there is none, when that is news and lasts */
function noteTrouble(decision: Decision, seen: Seen, at: number): string | undefined {
  const trouble = troubleOf(decision);
  if (trouble !== seen.trouble) seen.since = at;
  if ((trouble === "") !== (seen.trouble === "")) seen.turned = at;
  seen.trouble = trouble;
  // The first words are those of any moment. Words that change at every turn would never last.
  const lasts = at - (seen.logged === "" ? seen.turned : seen.since) >= TROUBLE_MS;
  if (trouble === seen.logged || !lasts) return undefined;
  seen.logged = trouble;
  return trouble;
}

/** Logs trouble that lasts, and its end, once for all tasks that have it: one server that is gone may be the trouble of thousands. */
function logTrouble(logger: Logger, trouble: string, decisions: readonly Decision[]): void {
  const [first] = decisions;
  if (first === undefined) return;
  const isOne = decisions.length === 1;
  const who = isOne ? first.task : severalTasks(decisions);
  const limits = first.limits.map((limit) => limit.by);
  const fields = { ...(isOne ? { task: first.task } : { tasks: decisions.length }), limits };
  const freely = isOne ? "scales freely again" : "scale freely again";
  if (trouble === "") return logger.info(`${who} ${freely}`, fields);
  const troubles = troublesOf(first);
  // The engine has logged that, with the error itself.
  if (troubles.every((limit) => limit.by === "backoff" && limit.code !== undefined)) return;
  const all = troubles.map((limit) => limitText(limit, first)).join("; ");
  const code = troubles.find(hasCode)?.code;
  const text = `${who}: ${isOne ? explain(first) : all}`;
  logger.warn(text, { ...fields, ...(code === undefined ? {} : { code }) });
}

/** So many tasks are named. */
const MOST_NAMED = 3;

function severalTasks(decisions: readonly Decision[]): string {
  const named = decisions.slice(0, MOST_NAMED).map(({ task }) => task);
  const more = decisions.length > MOST_NAMED ? ", …" : "";
  return `${decisions.length} tasks (${named.join(", ")}${more})`;
}

function hasCode(limit: Limit): limit is Limit & { readonly code: ErrorCode } {
  return "code" in limit && limit.code !== undefined;
}

/** What keeps a task from scaling at all, for people to look at. Bounds and a full capacity are everyday life, not trouble. */
function troublesOf({ limits }: Decision): Limit[] {
  return limits.filter((limit) => troubleKey(limit) !== undefined);
}

function troubleOf(decision: Decision): string {
  return troublesOf(decision)
    .map((limit) => troubleKey(limit))
    .join(";");
}

function troubleKey(limit: Limit): string | undefined {
  if (limit.by === "overcommitted") return limit.by;
  if (limit.by !== "held" && limit.by !== "backoff" && limit.by !== "counts") return undefined;
  // A reason with an age or a countdown in it is the same trouble at every turn.
  return `${limit.by}:${limit.reason.replaceAll(/\d+(?:\.\d+)?(?:ms|s|m|h)?/g, "#")}`;
}
