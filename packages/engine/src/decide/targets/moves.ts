/** All the changes that a task may make in a minute may together cost this part of its instances. */
const MOVES_COST = 0.06;
/** So many steps down may come at once before their number a minute tells. */
const BURST = 5;
/** Where lulls end by chance, waiting for that pays if more than this part of them is shorter than what a start costs: 1 − 1/e. */
const OFTEN = 0.63;
/** By this factor each step down makes the ones before it count for less. */
const FADE = 0.75;

/** What a task remembers of its own changes. Updated in place. */
export interface Moves {
  /** Instances that were requested at the last reading. */
  requested: number;
  /** Steps down that may be made now, from -5 to 5; below 1 none. */
  budget: number;
  /** What the instances that are not needed have cost since all were needed, in seconds of one instance. */
  surplusSeconds: number;
  /** When the task last went down, in milliseconds since the epoch, and how many of those that went have not been asked for again. */
  downAt: number;
  gone: number;
  /** Instances that went, and those of them that were asked for again before they would have cost as much as a start; both fading. */
  stopped: number;
  regretted: number;
}

/** Before the first change. */
export function noMoves(requested: number): Moves {
  return {
    requested,
    budget: BURST,
    surplusSeconds: 0,
    downAt: 0,
    gone: 0,
    // As if one had gone for good.
    stopped: 1,
    regretted: 0,
  };
}

/**
 * Takes note of what has changed since the last reading, whoever changed it.
 * @param at of this reading, in milliseconds since the epoch
 * @param seconds since the last one
 * @param changesPerMinute how often the number of instances may change, on average; > 0
 * @param startSeconds what a start costs, as seconds that one instance may run for it, ≥ 0
 */
export function noteMoves(
  moves: Moves,
  requested: number,
  at: number,
  seconds: number,
  changesPerMinute: number,
  startSeconds: number,
): void {
  // A step down leads to one up, so half of the changes are steps down.
  moves.budget = Math.min(BURST, moves.budget + ((changesPerMinute / 2) * seconds) / 60);
  const more = requested - moves.requested;
  moves.requested = requested;
  if (more < 0) {
    // Others, such as a task of higher priority, may make more of them than this one has.
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
 * Whether to stop `surplus` instances: those that are too many have cost as much as it costs to stop them, and the budget allows it.
 *
 * Calm has a price, which the instances that are not needed must have cost first. So a small surplus is kept for long and a large one is
 * not: the balance of an order's cost against that of holding a stock (Harris, 1913). Where what stops is often needed again
 * soon, the price of a start comes on top (the ski rental problem: Karlin, Manasse, McGeoch and Owicki, 1990).
 * @param changesPerMinute how often the number of instances may change, on average; > 0
 * @param startSeconds what a start costs, as seconds that one instance may run for it, ≥ 0
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
