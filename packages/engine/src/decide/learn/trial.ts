/**
 * How good recent forecasts were compared with "the rate stays as it is": fading sums over the minutes in which both could be judged. u is the change of
 * the rate that the forecast claimed, and v is the actual change.
 */
export interface Trial {
  /** The number of minutes that count. */
  minutes: number;
  /** Σu², Σuv and Σv², and Σv² over the minutes in which a change was claimed. */
  claimed: number;
  both: number;
  actual: number;
  met: number;
}

/** How far a forecast has proved right. */
export interface Proof {
  /** The fraction of its claim to use, in [0, 1]. */
  readonly weight: number;
  /** The fraction of the squared error of "the rate stays as it is" that this removes, in (0, 1]. */
  readonly share: number;
  /** The standard deviation of the remaining error of claims, relative to the claim; ≥ 0. */
  readonly error: number;
}

/** Noise alone removes less than this many standard deviations. */
const STANDARD_DEVIATIONS = 4;

/** The state before any minute was judged. */
export function openTrial(): Trial {
  return { minutes: 0, claimed: 0, both: 0, actual: 0, met: 0 };
}

/**
 * Judges one more minute.
 * @param memory the number of minutes after which a minute counts e times less
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
 * How much of a forecast to use. The weight w ≤ 1 with the least squared error Σ(v − w·u)² is Σuv / Σu² (Bates and Granger, 1969, for two forecasts of
 * which one says "no change"). A forecast whose size is wrong, or that is often wrong, gets a lower weight. It removes the share
 * w·(2·Σuv − w·Σu²) / Σv² of the error.
 *
 * A forecast that knows nothing also removes a share by chance. Σuv then has mean 0 and, because errors overlap over the lead of h minutes, the variance
 * h·Σu²·Σv²/n. So the share is h/n times the square of a standard normal. A forecast has proved right beyond four standard deviations: 16·h/n.
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
