// The bars of issue 12, section 5, on constant loads, traces at their own pace, the daily pattern and worse worlds.
import { asFigures, atMost, OURS, REACTIVE, reported, type Bar } from "./bar.ts";
import type { Cell } from "./summary.ts";
import { todayOf } from "./today.ts";

const CALM = 0.1;
const CALM_GOAL = 0.02;
const FEW_BUSY_PAID = 1.24;
const CONSTANT_GOAL = 1.06;
/** At 20 busy instances, for each plant. */
const CONSTANT_PAID: Readonly<Record<string, number>> = {
  "(1, 5, 10)": 1.1,
  "(0.2, 5, 30)": 1.06,
  "(1, 30, 30)": 1.06,
};
/** For each plant, means over the traces at their own pace. */
const PACE: Readonly<Record<string, readonly [paid: number, changes: number]>> = {
  "(1, 5, 10)": [1.25, 0.3],
  "(0.2, 5, 30)": [1.28, 0.3],
  "(1, 30, 30)": [1.2, 0.5],
};
const PACE_GOAL = 1.15;
const DAILY = { late: 0.1, paid: 1.25 };
/** What is paid, as a ratio; late in percentage points, of which less is noise. */
const FORECAST = { paid: 1.01, late: 0.005 };
const LAGGING = { paid: 1.3, changes: 4 };
const LONG_JOBS = { late: 0.1, paid: 1.5 };
/** A row is worse when it is so much later, in percentage points, or so much more is paid, as a part: less is noise. */
const WORSE = { late: 0.02, paid: 0.01 };
/** A row that is so much less late, in percentage points, may be paid more for: what was late has to be paid. */
const LESS_LATE = 0.1;

const ours = (cells: readonly Cell[]): Cell[] =>
  cells.filter(({ controller }) => controller === OURS);
const nameOf = ({ plant, workload }: Cell): string => `${workload}, ${plant}`;

/** Loads that do not change: paid, and changes a minute from the start on. */
export function constantBars(cells: readonly Cell[]): Bar[] {
  return ours(cells).flatMap((cell) => {
    const isFew = cell.workload === "constant, 5 busy";
    const paid = isFew
      ? atMost(`${nameOf(cell)} paid`, cell.paid, "", FEW_BUSY_PAID)
      : atMost(`${nameOf(cell)} paid`, cell.paid, "", CONSTANT_PAID[cell.plant]!, {
          goal: CONSTANT_GOAL,
        });
    const changes = atMost(`${nameOf(cell)} changes`, cell.changes, "/min", CALM, {
      ...(isFew ? {} : { goal: CALM_GOAL }),
      beside: `${cell.settledChanges.toFixed(3)} after the first 10 minutes; ${cell.late.toFixed(3)} % late`,
    });
    return [paid, changes];
  });
}

/** Traces at their own pace, means over them. */
export function paceBars(plants: readonly Cell[]): Bar[] {
  return ours(plants).flatMap((cell) => {
    const [paid, changes] = PACE[cell.plant]!;
    const name = `own pace, ${cell.plant}`;
    return [
      reported(`${name} late`, cell.late, "%"),
      atMost(`${name} paid`, cell.paid, "", paid, { goal: PACE_GOAL }),
      atMost(`${name} changes`, cell.changes, "/min", changes, { goal: changes / 2 }),
    ];
  });
}

/** Loads without a pattern of their own, means over them: what a forecast may cost there, and that it makes nothing late. */
export function forecastBars(plants: readonly Cell[]): Bar[] {
  return ours(plants).flatMap((cell) => {
    const off = plants.find(
      ({ plant, controller }) => plant === cell.plant && controller === REACTIVE,
    );
    if (off === undefined) return [];
    const name = `forecast on against off, ${cell.plant}`;
    const more = Math.max(0, cell.late - off.late);
    return [
      atMost(`${name} paid`, cell.paid / off.paid, "×", FORECAST.paid),
      atMost(`${name} more late`, more, "points", FORECAST.late),
    ];
  });
}

/** The third day of a pattern. */
export function dailyBars(cells: readonly Cell[]): Bar[] {
  return ours(cells).flatMap((cell) => [
    atMost(`${nameOf(cell)} late`, cell.late, "%", DAILY.late),
    atMost(`${nameOf(cell)} paid`, cell.paid, "", DAILY.paid),
  ]);
}

/** Counts that lag without totals, and jobs longer than the wait that is allowed, each on a load that does not change. */
export function worldBars(cells: readonly Cell[]): Bar[] {
  return ours(cells).flatMap((cell) => {
    const { workload, late, paid, changes } = cell;
    if (/^(?:in flight|length) \d+ s old, constant$/.test(workload))
      return [
        atMost(`${nameOf(cell)} paid`, paid, "", LAGGING.paid),
        atMost(`${nameOf(cell)} changes`, changes, "/min", LAGGING.changes),
      ];
    if (workload.startsWith("long jobs, constant"))
      return [
        atMost(`${nameOf(cell)} late`, late, "%", LONG_JOBS.late),
        atMost(`${nameOf(cell)} paid`, paid, "", LONG_JOBS.paid),
      ];
    return [];
  });
}

/** Whether batches and worse worlds are at least as good as before the new rule. */
export function todayBar(cells: readonly Cell[]): Bar {
  const worse = ours(cells).filter((cell) => {
    const today = todayOf(cell);
    if (today === undefined) return false;
    const [late, paid] = today;
    if (cell.late > late + WORSE.late) return true;
    return cell.paid > paid * (1 + WORSE.paid) && cell.late > late - LESS_LATE;
  });
  const beside = worse.map((cell) => {
    const [late, paid, changes] = todayOf(cell)!;
    return `${nameOf(cell)}: ${asFigures(cell)}, was ${asFigures({ ...cell, late, paid, changes })}`;
  });
  return atMost("batches and worse worlds, rows worse than today", worse.length, "", 0, {
    beside: beside.join("; "),
  });
}
