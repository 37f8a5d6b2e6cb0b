import { formatDuration, INSTANCES, type Decision, type Limit } from "@microscaling/core";

/**
 * One sentence for people: what the task wants and why, what it gets, and what limits it.
 * `137 waiting (6.2s at this rate), wants 8, gets 5 (capacity used up)`, or `no reading yet: keeping 1 instance`.
 */
export function explain(decision: Decision): string {
  const { reason, desired, granted } = decision;
  const why = reasonText(decision);
  // The reason already says what holds the task.
  const limits = decision.limits.filter((limit) => reason !== "held" || !holds(limit));
  const [first, ...later] = limits;
  const bound = first === undefined ? undefined : boundText(first, granted);
  // If the capacity also limits the task, the bound does not determine the number.
  if (bound !== undefined && later.every(({ by }) => by === "waiting")) {
    // It only keeps what it has, so it wants no number of its own.
    if (first?.by === "min" && (reason === "meeting" || reason === "held"))
      return `${stateText(decision)}: ${bound}${listText(later, decision)}`;
    const wants = granted === desired ? "wants more" : `wants ${desired}`;
    return `${why}${wants}, ${bound}${listText(later, decision)}`;
  }
  return `${why}${amountText(decision)}${listText(limits, decision)}`;
}

function readText({ reading, belief }: Decision): string {
  const read = reading === undefined ? "nothing read" : `${formatNumber(reading.value)} waiting`;
  const wait = belief?.expectedWaitSeconds;
  const rate = wait === undefined ? "" : ` (${formatDuration(wait * 1000)} at this rate)`;
  const ahead = belief?.forecastRate;
  const expected = ahead === undefined ? "" : `, ${Number(ahead.toPrecision(3))}/s expected`;
  return `${read}${rate}${expected}`;
}

/** What there is to go by, without what follows from it. */
function stateText(decision: Decision): string {
  return decision.reason === "held" ? heldText(decision.limits.find(holds)) : readText(decision);
}

function reasonText(decision: Decision): string {
  const { reason } = decision;
  switch (reason) {
    case "above":
    case "below":
      return `${readText(decision)}, `;
    case "meeting":
      return `${readText(decision)}, on target: `;
    case "remainder":
    case "fixed":
    case "draining":
      return `${reason}: `;
    case "fallback":
      return "metric failed, fallback: ";
    case "held":
      return `${stateText(decision)}: `;
    default:
      return reason satisfies never;
  }
}

type Hold = Extract<Limit, { readonly by: "held" | "counts" }>;

function holds(limit: Limit): limit is Hold {
  return limit.by === "held" || limit.by === "counts";
}

function heldText(hold: Hold | undefined): string {
  if (hold === undefined) return "no usable reading";
  return hold.by === "held" ? hold.reason : `counts unknown (${hold.reason})`;
}

function amountText({ reason, desired, granted }: Decision): string {
  if (granted !== desired) return `wants ${desired}, gets ${granted}`;
  if (reason === "meeting" || reason === "held")
    return `keeping ${granted} ${granted === 1 ? "instance" : "instances"}`;
  return reason === "above" || reason === "below" ? `wants ${desired}` : String(desired);
}

function boundText({ by }: Limit, granted: number): string | undefined {
  if (by === "min") return `raised to ${granted} by min`;
  return by === "max" || by === "maxDelta" ? `limited to ${granted} by ${by}` : undefined;
}

function listText(limits: readonly Limit[], decision: Decision): string {
  if (limits.length === 0) return "";
  return ` (${limits.map((limit) => limitText(limit, decision)).join("; ")})`;
}

/** What one limit did, for people. */
export function limitText(
  limit: Limit,
  { granted, requested }: Pick<Decision, "granted" | "requested">,
): string {
  switch (limit.by) {
    case "min":
    case "max":
    case "maxDelta":
      return limit.by;
    case "capacity":
      return `${limit.limitingResource === INSTANCES ? "capacity" : limit.limitingResource} used up`;
    case "preempted":
      return `preempted by ${limit.preemptedBy}`;
    case "overcommitted":
      return "over capacity";
    case "waiting":
      return `${granted - (requested ?? granted)} waiting for ${limit.task ?? "others"} to stop`;
    case "settling":
      return "last change still in progress";
    case "held":
    case "backoff":
    case "churn":
      return limit.reason;
    case "counts":
      return `counts unknown: ${limit.reason}`;
    case "unscaled":
      return "priority 0: counted, not scaled";
    default:
      return limit satisfies never;
  }
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
