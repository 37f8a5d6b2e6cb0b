/** The fraction of a task's instances that all changes of a minute together may cost. */
const MOVES_COST = 0.06;
/** How many steps down may come at once, before their number per minute is limited. */
const BURST = 5;
/** If lulls end by chance, waiting pays off if more than this fraction of them is shorter than the cost of a start: 1 − 1/e. */
const OFTEN = 0.63;
/** The factor by which each step down reduces the weight of earlier ones. */
const FADE = 0.75;

/** What a task remembers about its own changes. Updated in place. */
export interface Moves {
  /** The number of instances that was requested at the last reading. */
  requested: number;
  /** The number of steps down that are allowed now, from -5 to 5. Below 1, none is allowed. */
  budget: number;
  /** What surplus instances have cost since all were needed, in seconds of one instance. */
  surplusSeconds: number;
  /** When the task last went down, in milliseconds since the epoch, and how many of the stopped instances were not requested again. */
  downAt: number;
  gone: number;
  /** Stopped instances, and those that were requested again before they would have cost as much as a start; both fade. */
  stopped: number;
  regretted: number;
}

/** The state before the first change. */
export function noMoves(requested: number): Moves {
  return {
    requested,
    budget: BURST,
    surplusSeconds: 0,
    downAt: 0,
    gone: 0,
    // As if one instance had stopped for good.
    stopped: 1,
    regretted: 0,
  };
}

/**
 * Records what has changed since the last reading, for whatever reason.
 * @param at the time of this reading, in milliseconds since the epoch
 * @param seconds the time since the last reading
 * @param changesPerMinute how often the number of instances may change, on average; > 0
 * @param startSeconds the cost of a start, as seconds of running time of one instance, ≥ 0
 */
export function noteMoves(
  moves: Moves,
  requested: number,
  at: number,
  seconds: number,
  changesPerMinute: number,
  startSeconds: number,
): void {
  // Every step down leads to a step up, so half of the changes are steps down.
  moves.budget = Math.min(BURST, moves.budget + ((changesPerMinute / 2) * seconds) / 60);
  const more = requested - moves.requested;
  moves.requested = requested;
  if (more < 0) {
    // Others, such as a task of higher priority, may cause more steps down than this task is allowed.
    moves.budget = Math.max(-BURST, moves.budget - 1);
    moves.downAt = at;
    moves.gone = -more;
    moves.stopped = FADE * moves.stopped - more;
    moves.regretted *= FADE;
  } else if (more > 0) {
    const again = Math.min(more, moves.gone);
    moves.gone -= again;
    if (at - moves.downAt < startSeconds * 1000) moves.regretted += again;
  }
}

/**
 * Whether to stop `surplus` instances: the surplus has cost as much as stopping it costs, and the budget allows it.
 *
 * A change has a price, which the surplus must have cost first. So a small surplus is kept for long, and a large one is not. This balances the cost of an
 * order against the cost of holding a stock (Harris, 1913). If stopped instances are often needed again soon, the price of a start is added (the ski
 * rental problem: Karlin, Manasse, McGeoch and Owicki, 1990).
 * @param changesPerMinute how often the number of instances may change, on average; > 0
 * @param startSeconds the cost of a start, as seconds of running time of one instance, ≥ 0
 */
export function isWorthIt(
  { requested, budget, surplusSeconds, stopped, regretted }: Moves,
  surplus: number,
  changesPerMinute: number,
  startSeconds: number,
): boolean {
  const calm = ((MOVES_COST * 60) / changesPerMinute) * requested;
  const again = regretted > OFTEN * stopped ? startSeconds * surplus : 0;
  return surplusSeconds >= calm + again && budget >= 1;
}
