import { changeIn, mostChange, trendAt, type Minutes } from "./candidates.ts";
import { DAY, endMinute, goTo, MINUTE_MS, openHistory, rateIn, WEEK } from "./rate-history.ts";
import { judge, openTrial, proofOf, type Proof, type Trial } from "./trial.ts";

/**
 * What is known about a load's own pattern. Plain data that is updated in place. `structuredClone` copies it.
 */
export interface Forecast extends Minutes {
  /** When the current minute ends, in milliseconds since the epoch. */
  endsAt: number;
  /** What was seen of the current minute: jobs, and the seconds that they cover. */
  jobs: number;
  seconds: number;
  /** Arrived jobs, and the instance-seconds that they took by the estimates at that time; both fade over a day. */
  pastJobs: number;
  pastWork: number;
  /** The trial of each candidate. */
  readonly day: Trial;
  readonly week: Trial;
  readonly trend: Trial;
  /** The forecast at the end of the last minute; `undefined` if no candidate has proved right or no rise is ahead. */
  ahead: Ahead | undefined;
}

/** What is expected. */
export interface Ahead {
  /** The highest number of jobs per second that is expected until an instance requested within the next minute is up, and a minute longer. */
  readonly rate: number;
  /**
   * Jobs per second that one instance finishes: the current estimate, but at most that of the last day. In a quiet hour it is learned from few jobs, but
   * the forecast is for a busy one.
   */
  readonly serviceRate: number;
  /** The fraction of the squared error that recent forecasts have removed, in (0, 1]. */
  readonly share: number;
}

/** The change from one reading to the next. */
export interface Arrivals {
  /** The times of the two readings, in milliseconds since the epoch. */
  readonly lastAt: number;
  readonly at: number;
  /** How many jobs arrived in between; NaN if not known. */
  readonly jobs: number;
}

/** What a forecast is used for. */
export interface Purpose {
  /** The time from requesting an instance until it runs and shows, in seconds. */
  readonly lead: number;
  /** Jobs per second that one instance finishes, by the current estimate. */
  readonly serviceRate: number;
}

/** The longest time between two readings over which arrivals are spread evenly, in milliseconds. Longer gaps are unknown. */
const LONGEST_SPREAD_MS = 5 * MINUTE_MS;
/** A minute is known if at least this much of it was seen, in seconds. */
const LEAST_SEEN = 30;
/** The longest lead, in minutes. */
const LONGEST_LEAD = 30;
/**
 * The number of standard deviations of the forecast's own error that are added. Too few instances cost more than too many. With one standard deviation,
 * the rate is below the expected one five times in six, which is best if too few cost five times as much (the newsvendor's quantile).
 */
const SHORTAGE = 1;
/** The memory of the trials, in minutes: two of the candidate's own periods, because one alone may be chance; a day for a trend. */
const DAY_MEMORY: number = 2 * DAY;
const WEEK_MEMORY: number = 2 * WEEK;
const TREND_MEMORY: number = DAY;
/** The work of a job is the mean over this many minutes. */
const WORK_MEMORY: number = DAY;
/** The dispersion is the mean over this many minutes. One change counts for at most three standard deviations. */
const DISPERSION_MEMORY = 240;
const MOST_DISPERSED = 9;

/** The state before anything was seen. @param at milliseconds since the epoch */
export function openForecast(at: number): Forecast {
  const minute = Math.floor(at / MINUTE_MS);
  return {
    history: openHistory(minute),
    endsAt: (minute + 1) * MINUTE_MS,
    jobs: 0,
    seconds: 0,
    dispersion: 1,
    pastJobs: 0,
    pastWork: 0,
    day: openTrial(),
    week: openTrial(),
    trend: openTrial(),
    ahead: undefined,
  };
}

/** Continues at another time, after a restart or when the clock was set back. The time in between is unknown. */
export function resumeForecast(forecast: Forecast, at: number): void {
  const minute = Math.floor(at / MINUTE_MS);
  forecast.ahead = undefined;
  if (minute === forecast.history.minute) return;
  goTo(forecast.history, minute);
  beginMinute(forecast);
}

/**
 * Records arrivals. This is hardly any work except at the end of a minute.
 * @returns whether a minute has ended, so that `ahead` is new
 */
export function followArrivals(
  forecast: Forecast,
  arrivals: Arrivals,
  { lead, serviceRate }: Purpose,
): boolean {
  const { lastAt, at, jobs } = arrivals;
  const { endsAt } = forecast;
  if (at < endsAt) {
    forecast.jobs += jobs;
    forecast.seconds += (at - lastAt) / 1000;
    return false;
  }
  const purpose = { lead: leadOf(lead), serviceRate };
  if (at - lastAt <= LONGEST_SPREAD_MS) spread(forecast, arrivals, purpose);
  else {
    closeMinute(forecast, purpose);
    resumeForecast(forecast, at);
  }
  forecast.ahead = aheadOf(forecast, purpose);
  return true;
}

/** Spreads arrivals over the minutes in which they may have come. */
function spread(forecast: Forecast, { lastAt, at, jobs }: Arrivals, purpose: Purpose): void {
  let from = lastAt;
  while (from < at) {
    const until = Math.min(forecast.endsAt, at);
    forecast.jobs += (jobs * (until - from)) / (at - lastAt);
    forecast.seconds += (until - from) / 1000;
    if (until === forecast.endsAt) closeMinute(forecast, purpose);
    from = until;
  }
}

/** The least whole number of minutes after which instances that are requested at the end of this minute can serve the rate. */
function leadOf(seconds: number): number {
  return Math.min(LONGEST_LEAD, 1 + Math.floor(seconds / 60));
}

function beginMinute(forecast: Forecast): void {
  forecast.endsAt = (forecast.history.minute + 1) * MINUTE_MS;
  forecast.jobs = 0;
  forecast.seconds = 0;
}

/** @param purpose its lead in minutes */
function closeMinute(forecast: Forecast, { lead, serviceRate }: Purpose): void {
  const { history, jobs, seconds } = forecast;
  endMinute(history, seconds >= LEAST_SEEN ? jobs / seconds : Number.NaN);
  beginMinute(forecast);
  const now = history.minute - 1;
  const rate = rateIn(history, now);
  const sample = ((rate - rateIn(history, now - 1)) ** 2 * 60) / (rate + rateIn(history, now - 1));
  // NaN if one of them is not known, or both are 0.
  if (sample >= 0)
    forecast.dispersion +=
      (Math.min(sample, MOST_DISPERSED) - forecast.dispersion) / DISPERSION_MEMORY;
  if (rate >= 0) {
    forecast.pastJobs += rate * 60 - forecast.pastJobs / WORK_MEMORY;
    forecast.pastWork += (rate * 60) / serviceRate - forecast.pastWork / WORK_MEMORY;
  }
  backtest(forecast, now, lead);
}

/** Judges what each candidate would have said about this minute, `lead` minutes ago. Computed from the history, so that the lead may change. */
function backtest(forecast: Forecast, now: number, lead: number): void {
  const { history, day, week, trend } = forecast;
  const actual = rateIn(history, now) - rateIn(history, now - lead);
  if (Number.isNaN(actual)) return;
  const asYesterday = changeIn(forecast, now - lead - DAY, now - DAY);
  const asLastWeek = changeIn(forecast, now - lead - WEEK, now - WEEK);
  const goingOn = trendAt(forecast, now - lead, lead);
  if (!Number.isNaN(asYesterday)) judge(day, asYesterday, actual, DAY_MEMORY);
  if (!Number.isNaN(asLastWeek)) judge(week, asLastWeek, actual, WEEK_MEMORY);
  if (!Number.isNaN(goingOn)) judge(trend, goingOn, actual, TREND_MEMORY);
}

/** The forecast from now on. @param purpose its lead in minutes */
function aheadOf(forecast: Forecast, purpose: Purpose): Ahead | undefined {
  const { history, day, week, trend, pastJobs, pastWork } = forecast;
  const { lead } = purpose;
  const now = history.minute - 1;
  const rate = rateIn(history, now);
  if (Number.isNaN(rate)) return undefined;
  const ofDay = proofOf(day, lead);
  const ofWeek = proofOf(week, lead);
  const ofTrend = proofOf(trend, lead);
  const isWeekly = (ofWeek?.share ?? 0) > (ofDay?.share ?? 0);
  const seasonal = isWeekly
    ? riseOf(ofWeek, () => mostChange(forecast, now - WEEK, lead))
    : riseOf(ofDay, () => mostChange(forecast, now - DAY, lead));
  const going = riseOf(ofTrend, () => trendAt(forecast, now, lead + 1));
  const best = seasonal.rise >= going.rise ? seasonal : going;
  if (!(best.rise > 0)) return undefined;
  const serviceRate = Math.min(purpose.serviceRate, pastJobs > 0 ? pastJobs / pastWork : Infinity);
  return { rate: rate + best.rise, serviceRate, share: best.share };
}

function riseOf(
  proof: Proof | undefined,
  change: () => number,
): { readonly rise: number; readonly share: number } {
  if (proof === undefined) return { rise: 0, share: 0 };
  const rise = (proof.weight + SHORTAGE * proof.error) * change();
  return { rise: rise > 0 ? rise : 0, share: proof.share };
}
