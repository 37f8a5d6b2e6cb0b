import { formatDuration, type Decision, type Limit } from "@microscaling/core";

/**
 * One sentence for people: what the task would like and why, what it gets, and what limits it.
 * `137 waiting, too many: wants 8, gets 5 (no more instances free; 2 waiting for batch to stop)`; for a target that learns
 * `137 waiting, 6.2s expected, too many: 8`.
 */
export function explain(decision: Decision): string {
  const { desired, granted, limits } = decision;
  const why = reasonOf(decision);
  const gets =
    granted === desired ? `${why}: ${granted}` : `${why}: wants ${desired}, gets ${granted}`;
  return limits.length === 0
    ? gets
    : `${gets} (${limits.map((limit) => limitText(limit, decision)).join("; ")})`;
}

function reasonOf({ reason, reading, belief }: Decision): string {
  const expected = belief?.expectedWaitSeconds;
  const read = reading === undefined ? "nothing read" : `${formatNumber(reading.value)} waiting`;
  const waiting =
    expected === undefined ? read : `${read}, ${formatDuration(expected * 1000)} expected`;
  switch (reason) {
    case "above":
      return `${waiting}, too many`;
    case "below":
      return `${waiting}, few`;
    case "meeting":
      return `${waiting}, on target`;
    case "remainder":
      return "takes what is left";
    case "fixed":
      return "fixed";
    case "draining":
      return "being drained";
    case "fallback":
      return "metric failed, fallback";
    case "held":
      return "held";
    default:
      return reason satisfies never;
  }
}

/** What one limit did, for people. */
export function limitText(
  limit: Limit,
  { granted, requested }: Pick<Decision, "granted" | "requested">,
): string {
  switch (limit.by) {
    case "min":
    case "max":
      return `its ${limit.by}`;
    case "maxDelta":
      return "maxDelta a step";
    case "capacity":
      return `no more ${limit.resource} free`;
    case "preempted":
      return `preempted by ${limit.for}`;
    case "overcommitted":
      return "more than the capacity was in use";
    case "waiting":
      return `${granted - (requested ?? granted)} waiting for ${limit.task ?? "room"}${limit.task === undefined ? "" : " to stop"}`;
    case "settling":
      return "last change under way";
    case "held":
    case "backoff":
    case "churn":
      return limit.reason;
    case "counts":
      return `instances not known: ${limit.reason}`;
    case "unscaled":
      return "priority 0: counted, never scaled";
    default:
      return limit satisfies never;
  }
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
