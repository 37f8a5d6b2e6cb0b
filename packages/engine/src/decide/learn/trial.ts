/**
 * How well a forecast has done of late against "it stays as it is now": fading sums over the minutes in which both could be judged. What the
 * forecast claimed to be the change of the rate is u, what the change was is v.
 */
export interface Trial {
  /** How many minutes count. */
  minutes: number;
  /** Σu², Σuv and Σv²; and Σv² over the minutes in which a change was claimed. */
  claimed: number;
  both: number;
  actual: number;
  met: number;
}

/** How far a forecast has proved itself. */
export interface Proof {
  /** The part of what it claims that is used, in [0, 1]. */
  readonly weight: number;
  /** The part of the squared error of "it stays as it is now" that this removes, in (0, 1]. */
  readonly share: number;
  /** The standard deviation of what is left of the error where something was claimed, as a part of the claim; ≥ 0. */
  readonly error: number;
}

/** What noise alone removes is below this many standard deviations. */
const STANDARD_DEVIATIONS = 4;

/** Nothing has been judged. */
export function openTrial(): Trial {
  return { minutes: 0, claimed: 0, both: 0, actual: 0, met: 0 };
}

/**
 * Judges one more minute.
 * @param memory a minute counts e times less after so many
 */
export function judge(trial: Trial, claim: number, actual: number, memory: number): void {
  const kept = 1 - 1 / memory;
  trial.minutes = trial.minutes * kept + 1;
  trial.claimed = trial.claimed * kept + claim * claim;
  trial.both = trial.both * kept + claim * actual;
  trial.actual = trial.actual * kept + actual * actual;
  trial.met = trial.met * kept + (claim === 0 ? 0 : actual * actual);
}

/**
 * How much of a forecast to use. The weight w ≤ 1 that leaves the least squared error Σ(v − w·u)² is Σuv / Σu² (Bates and Granger, 1969, for two
 * forecasts of which one says "no change"): a forecast that is off in size, or is often wrong, is used for less. It removes the share
 * w·(2·Σuv − w·Σu²) / Σv² of the error.
 *
 * A forecast that knows nothing removes a share, too, by chance. Then Σuv has mean 0 and, since errors overlap over the lead of h minutes, the
 * variance h·Σu²·Σv²/n, so that the share is h/n times the square of a standard normal. Proven is what is beyond four standard deviations: 16·h/n.
 * (The test of Diebold and Mariano, 1995, and Harvey, Leybourne and Newbold, 1998, in its simplest form.)
 *
 * @param lead h, in minutes
 */
export function proofOf(trial: Trial, lead: number): Proof | undefined {
  const { minutes, claimed, both, actual, met } = trial;
  if (!(both > 0)) return undefined;
  const weight = Math.min(1, both / claimed);
  const share = (weight * (2 * both - weight * claimed)) / actual;
  const byChance = (STANDARD_DEVIATIONS ** 2 * lead) / minutes;
  if (share <= byChance) return undefined;
  const left = met - 2 * weight * both + weight * weight * claimed;
  return { weight, share, error: Math.sqrt(Math.max(0, left) / claimed) };
}
