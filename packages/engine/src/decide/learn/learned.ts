import { MINUTE_MS, HISTORY_MINUTES } from "./rate-history.ts";
import type { Forecast } from "./forecast.ts";
import type { Trial } from "./trial.ts";

/** The data that is kept across a restart, as JSON. */
export interface Learned {
  /** The current minute, counted from the epoch. */
  readonly minute: number;
  /** The rates of the earlier minutes: 16 bits each, little endian, in base64. */
  readonly rates: string;
  readonly dispersion: number;
  readonly pastJobs: number;
  readonly pastWork: number;
  readonly day: Trial;
  readonly week: Trial;
  readonly trend: Trial;
}

/** The data of a forecast to keep, without the current minute. */
export function writeLearned(forecast: Forecast): Learned {
  const { history, dispersion, pastJobs, pastWork, day, week, trend } = forecast;
  const bytes = new DataView(new ArrayBuffer(2 * HISTORY_MINUTES));
  for (const [i, code] of history.codes.entries()) bytes.setUint16(2 * i, code, true);
  return {
    minute: history.minute,
    rates: Buffer.from(bytes.buffer).toString("base64"),
    dispersion,
    pastJobs,
    pastWork,
    day: { ...day },
    week: { ...week },
    trend: { ...trend },
  };
}

/** Reads kept data. @returns `undefined` if the data is damaged or something else */
export function readLearned(learned: unknown): Forecast | undefined {
  if (!isRecord(learned)) return undefined;
  const { minute, rates, dispersion, pastJobs, pastWork } = learned;
  const day = readTrial(learned["day"]);
  const week = readTrial(learned["week"]);
  const trend = readTrial(learned["trend"]);
  const codes = readCodes(rates);
  if (codes === undefined || day === undefined || week === undefined || trend === undefined)
    return undefined;
  if (!isMinute(minute) || !isAmount(dispersion) || !isAmount(pastJobs) || !isAmount(pastWork))
    return undefined;
  return {
    history: { codes, minute },
    endsAt: (minute + 1) * MINUTE_MS,
    jobs: 0,
    seconds: 0,
    dispersion,
    pastJobs,
    pastWork,
    day,
    week,
    trend,
    ahead: undefined,
  };
}

/** Whether this is complete data of a forecast. Other data is ignored. */
export function isLearned(learned: unknown): boolean {
  return readLearned(learned) !== undefined;
}

function readCodes(rates: unknown): Uint16Array | undefined {
  if (typeof rates !== "string") return undefined;
  const bytes = Buffer.from(rates, "base64");
  if (bytes.length !== 2 * HISTORY_MINUTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint16Array.from({ length: HISTORY_MINUTES }, (_, i) => view.getUint16(2 * i, true));
}

function readTrial(trial: unknown): Trial | undefined {
  if (!isRecord(trial)) return undefined;
  const { minutes, claimed, both, actual, met } = trial;
  if (!isAmount(minutes) || !isAmount(claimed) || !isAmount(actual) || !isAmount(met))
    return undefined;
  if (typeof both !== "number" || !Number.isFinite(both)) return undefined;
  return { minutes, claimed, both, actual, met };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMinute(value: unknown): value is number {
  return Number.isSafeInteger(value) && isAmount(value);
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
