/** One rate is kept for each minute of UTC. */
export const MINUTE_MS = 60_000;
/** The number of minutes in a day and in a week. */
export const DAY = 1440;
export const WEEK: number = 7 * DAY;
/** How many minutes the history is longer than a week: more than any lead. */
const MARGIN = 60;
/** The length of the history in minutes, and so its size: 20 kB per task. */
export const HISTORY_MINUTES: number = WEEK + MARGIN;

/** A rate is kept as its logarithm in 16 bits: from 10⁻⁶ to 10⁹ per second, exact to 0.03 %. */
const UNKNOWN = 65_535;
const LEAST_LOG = -20;
const STEPS = 1300;
const MOST_CODE = 65_534;

/** The arrival rate of every minute of a week and an hour. Plain data, updated in place. */
export interface RateHistory {
  /** One code for each minute, in a ring: minute `m` is at `m % HISTORY_MINUTES`. */
  readonly codes: Uint16Array;
  /** The current minute, counted from the epoch. It follows the newest known minute. */
  minute: number;
}

/** An empty history at `minute`. */
export function openHistory(minute: number): RateHistory {
  return { codes: new Uint16Array(HISTORY_MINUTES).fill(UNKNOWN), minute };
}

/** Jobs per second in a minute; NaN if not known or older than the history. */
export function rateIn({ codes, minute }: RateHistory, wanted: number): number {
  if (wanted >= minute || wanted < minute - HISTORY_MINUTES) return Number.NaN;
  const code = codes[wanted % HISTORY_MINUTES]!;
  if (code === UNKNOWN) return Number.NaN;
  return code === 0 ? 0 : 2 ** ((code - 1) / STEPS + LEAST_LOG);
}

/** Ends the current minute. @param rate jobs per second; NaN if not known */
export function endMinute(history: RateHistory, rate: number): void {
  history.codes[history.minute % HISTORY_MINUTES] = codeOf(rate);
  history.minute++;
}

/**
 * Moves to another minute. Nothing is known about it or the minutes in between. It may also move back, if the clock was set back while the agent was
 * not running.
 */
export function goTo(history: RateHistory, minute: number): void {
  const { codes, minute: from } = history;
  if (Math.abs(minute - from) >= HISTORY_MINUTES) codes.fill(UNKNOWN);
  else
    for (let m = Math.min(from, minute); m < Math.max(from, minute); m++)
      codes[m % HISTORY_MINUTES] = UNKNOWN;
  history.minute = minute;
}

function codeOf(rate: number): number {
  if (Number.isNaN(rate)) return UNKNOWN;
  const code = 1 + Math.round((Math.log2(rate) - LEAST_LOG) * STEPS);
  return Math.min(Math.max(code, 0), MOST_CODE);
}
