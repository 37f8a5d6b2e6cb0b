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

/** What was last logged for one task. */
interface Seen {
  /** The last logged `granted`. */
  granted: number | undefined;
  /** Whether the request has been fulfilled since. */
  settled: boolean;
  /** The problems of the last turn, as a key. */
  trouble: string;
  /** When they began, in milliseconds of the monotonic clock. */
  since: number;
  /** The kinds of these problems, whatever the words. */
  kinds: string;
  /** When these kinds began, in milliseconds of the monotonic clock. */
  kindsSince: number;
  /** The last logged kinds. */
  loggedKinds: string;
  /** The last logged problems. */
  logged: string;
}

/**
 * A problem, or its end, is logged only if it lasts this long, in milliseconds. At the start, nothing is read or counted yet. In a crash loop,
 * every new attempt seems free for a moment.
 */
const TROUBLE_MS = 2000;

/** Creates the monitor that logs one line for every change, and one when a task is held or free again. */
export function createChangeLog(logger: Logger, clock: Clock): Monitor {
  const seen = new Map<string, Seen>();

  function seenOf({ task }: Decision, at: number): Seen {
    const known = seen.get(task);
    if (known !== undefined) return known;
    const calm = { trouble: "", since: at, kinds: "", kindsSince: at };
    const fresh = { granted: undefined, settled: true, ...calm, logged: "", loggedKinds: "" };
    seen.set(task, fresh);
    return fresh;
  }

  return {
    report(record) {
      const isStandby = record.role?.leads === false;
      const at = clock.monotonic();
      // The key is the problem. The empty key means that a problem has ended.
      const news = new Map<string, Decision[]>();
      for (const decision of record.decisions) {
        const now = seenOf(decision, at);
        // Decisions of a standby are not acted on.
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
 * Logs a change once. It is not logged again while it is carried out step by step, as others stop and instances start. It is logged again if its
 * result is lost later.
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

/**
 * Records the problem of a turn. A problem of another kind is reported if it lasts, even if its words change at every turn, for example because a
 * server refuses some connections and resets others. Other words for the same kind are reported if the words themselves last.
 * @returns the problem, or the end of it, if it must be reported
 */
function noteTrouble(decision: Decision, seen: Seen, at: number): string | undefined {
  const trouble = troubleOf(decision);
  const kinds = kindsOf(decision);
  if (trouble !== seen.trouble) seen.since = at;
  if (kinds !== seen.kinds) seen.kindsSince = at;
  Object.assign(seen, { trouble, kinds });
  const since = kinds === seen.loggedKinds ? seen.since : seen.kindsSince;
  if (trouble === seen.logged || at - since < TROUBLE_MS) return undefined;
  Object.assign(seen, { logged: trouble, loggedKinds: kinds });
  return trouble;
}

function kindsOf(decision: Decision): string {
  return troublesOf(decision)
    .map((limit) => limit.by)
    .join(";");
}

/** Logs a lasting problem, and its end, once for all tasks that have it. One failed server may affect thousands of tasks. */
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
  // The engine has already logged that, with the error itself.
  if (troubles.every((limit) => limit.by === "backoff" && limit.code !== undefined)) return;
  const all = troubles.map((limit) => limitText(limit, first)).join("; ");
  const code = troubles.find(hasCode)?.code;
  const text = `${who}: ${isOne ? explain(first) : all}`;
  logger.warn(text, { ...fields, ...(code === undefined ? {} : { code }) });
}

/** The largest number of tasks that a line names. */
const MOST_NAMED = 3;

function severalTasks(decisions: readonly Decision[]): string {
  const named = decisions.slice(0, MOST_NAMED).map(({ task }) => task);
  const more = decisions.length > MOST_NAMED ? ", …" : "";
  return `${decisions.length} tasks (${named.join(", ")}${more})`;
}

function hasCode(limit: Limit): limit is Limit & { readonly code: ErrorCode } {
  return "code" in limit && limit.code !== undefined;
}

/** The problems that keep a task from scaling. Bounds and a full capacity are normal, not problems. */
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
  // A reason with an age or a countdown in it is the same problem at every turn.
  return `${limit.by}:${limit.reason.replaceAll(/\d+(?:\.\d+)?(?:ms|s|m|h)?/g, "#")}`;
}
