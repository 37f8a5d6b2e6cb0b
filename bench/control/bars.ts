// The bars of issue 12, section 5, on the suite, contention and the certificate. Those of the other tables are in bars-rows.ts.
import { asFigures, atMost, isRival, OURS, reported, type Bar } from "./bar.ts";
import { nameOf, SETTINGS } from "./case.ts";
import type { Contention } from "./contention.ts";
import { scenarioBound } from "./statistics.ts";
import type { Cell } from "./summary.ts";

const LATE = 0.1;
const LATE_GOAL = 0.02;
/** For each plant of the suite: what is paid, and changes a minute. */
const PAID_AND_CHANGES: Readonly<Record<string, readonly [paid: number, changes: number]>> = {
  "(1, 5, 10)": [1.15, 2.5],
  "(0.2, 5, 30)": [1.13, 1.3],
  "(1, 30, 30)": [1.22, 4],
};
const PAID_GOAL = 1.1;
const LENGTH_LATE = 0.5;
const LENGTH_READY = 1.2;
/** In percentage points: how much later than alone the top class may be. */
const TOP_CLASS = 0.1;
/** How much more often a class may turn round, in a minute, than it and those above it do alone. Of a calm rule's few turns a ratio says nothing. */
const OSCILLATION = 0.5;
const BETA = 1e-6;

/** Late jobs, what is paid, and changes in each plant, means over the loads. Paid and changes are only judged on the suite's own loads. */
export function plantBars(plants: readonly Cell[], isSuite: boolean): Bar[] {
  return SETTINGS.map(nameOf).flatMap((plant) => {
    const cells = plants.filter((cell) => cell.plant === plant);
    const ours = cells.find(({ controller }) => controller === OURS);
    if (ours === undefined) return [];
    const [paid, changes] = PAID_AND_CHANGES[plant]!;
    const late = atMost(`${plant} late`, ours.late, "%", LATE, {
      goal: LATE_GOAL,
      beside: bestRivals(ours, cells),
    });
    if (!isSuite)
      return [
        late,
        reported(`${plant} paid`, ours.paid, ""),
        reported(`${plant} changes`, ours.changes, "/min"),
      ];
    return [
      late,
      atMost(`${plant} paid`, ours.paid, "", paid, { goal: PAID_GOAL }),
      atMost(`${plant} changes`, ours.changes, "/min", changes, { goal: changes / 2 }),
    ];
  });
}

/** The rival with the fewest late for which as much is paid or more, and the one for which as much is paid or less. */
function bestRivals(ours: Cell, cells: readonly Cell[]): string {
  const rivals = cells.filter(({ controller }) => isRival(controller));
  const dearer = best(rivals.filter(({ paid }) => paid >= ours.paid));
  const cheaper = best(rivals.filter(({ paid }) => paid <= ours.paid));
  return [
    dearer && `as much paid or more: ${dearer}`,
    cheaper && `as much paid or less: ${cheaper}`,
  ]
    .filter(Boolean)
    .join("; ");
}

function best(rivals: readonly Cell[]): string | undefined {
  const [first] = rivals.toSorted((a, b) => a.late - b.late || a.paid - b.paid);
  if (first === undefined) return undefined;
  return `${first.controller} ${asFigures(first)}`;
}

/** With nothing to see but the queue's length. */
export function lengthBars(plants: readonly Cell[], isSuite: boolean): Bar[] {
  return plants.flatMap(({ plant, late, paid, ready }) => [
    atMost(`length only, ${plant} late`, late, "%", LENGTH_LATE),
    isSuite
      ? atMost(`length only, ${plant} ready`, ready, "", LENGTH_READY)
      : reported(`length only, ${plant} ready`, ready, ""),
    reported(`length only, ${plant} paid`, paid, ""),
  ]);
}

/** Three priorities on a capacity that is too small. */
export function contentionBars(found: Contention): Bar[] {
  const { late, lateAlone, reversals, reversalsAlone, idle, most } = found;
  const allowed = reversalsAlone.map((_, one) =>
    reversalsAlone.slice(0, one + 1).reduce((sum, each) => sum + each, 0),
  );
  const worst = Math.max(...reversals.map((each, one) => each - allowed[one]!));
  return [
    atMost(
      "contention, top class later than alone",
      Math.max(0, late[0]! - lateAlone[0]!),
      "points",
      TOP_CLASS,
      { beside: `late by class ${asList(late)} %, alone ${asList(lateAlone)} %` },
    ),
    atMost("contention, turns with idle capacity that a task lacks", idle, "%", 0),
    atMost("contention, most instances at once, of 40", most, "", 40),
    atMost(
      "contention, turns round more than the classes up to it alone",
      worst,
      "/min",
      OSCILLATION,
      {
        beside: `a minute by class ${asList(reversals)}, alone ${asList(reversalsAlone)}`,
      },
    ),
  ];
}

function asList(numbers: readonly number[]): string {
  return numbers.map((each) => each.toFixed(2)).join(" / ");
}

/** What random scenarios say of those that were not run. */
export function certificateBar(late: readonly number[]): Bar {
  const worst = Math.max(...late);
  const epsilon = 100 * scenarioBound(late.length, BETA);
  const none = late.filter((each) => each === 0).length;
  return reported(
    `certificate, ${late.length} random scenarios, worst late`,
    worst,
    "%",
    `with confidence 1 - 1e-6 another one is worse with a probability of at most ${epsilon.toFixed(2)} %; ${none} have none late`,
  );
}
