import { nameOf, SETTINGS } from "./case.ts";
import type { Contention } from "./contention.ts";
import { scenarioBound } from "./statistics.ts";
import { dominates, type Cell } from "./summary.ts";

/** One line of the verdict. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What must hold, in words; `reported` where nothing must. */
  readonly bar: string;
  readonly ok: boolean;
  /** What to see beside it. */
  readonly beside: string;
}

const LATE = 0.1;
/** For each plant of the suite: cost, and changes a minute. */
const COST_AND_CHANGES: Readonly<Record<string, readonly [cost: number, changes: number]>> = {
  "(1, 5, 10)": [1.08, 8],
  "(0.2, 5, 30)": [1.11, 7],
  "(1, 30, 30)": [1.03, 16],
};
const LENGTH_LATE = 0.5;
const LENGTH_COST = 1.2;
/** In percentage points: how much later than alone the top class may be. */
const TOP_CLASS = 0.1;
/** How often a class may turn round, against how often it and those above it do alone. */
const OSCILLATION = 1.25;
const BETA = 1e-6;
const OURS = "latency";

/** Something that must hold: `value ≤ limit`. */
function atMost(name: string, value: number, unit: string, limit: number, beside = ""): Bar {
  return { name, value, unit, bar: `≤ ${limit}`, ok: value <= limit, beside };
}

function reported(name: string, value: number, unit: string, beside = ""): Bar {
  return { name, value, unit, bar: "reported", ok: true, beside };
}

/** Late jobs, cost and changes in each plant, means over the loads. Cost and changes are only judged on the suite's own loads. */
export function plantBars(plants: readonly Cell[], isSuite: boolean): Bar[] {
  return SETTINGS.map(nameOf).flatMap((plant) => {
    const cells = plants.filter((cell) => cell.plant === plant);
    const ours = cells.find(({ controller }) => controller === OURS);
    if (ours === undefined) return [];
    const [cost, changes] = COST_AND_CHANGES[plant]!;
    const late = atMost(`${plant} late`, ours.late, "%", LATE, bestRivals(ours, cells));
    if (!isSuite)
      return [
        late,
        reported(`${plant} cost`, ours.cost, ""),
        reported(`${plant} changes`, ours.changes, "/min"),
      ];
    return [
      late,
      atMost(`${plant} cost`, ours.cost, "", cost),
      atMost(`${plant} changes`, ours.changes, "/min", changes),
    ];
  });
}

/** The rival with the fewest late that costs as much or more, and the one that costs as much or less. */
function bestRivals(ours: Cell, cells: readonly Cell[]): string {
  const rivals = cells.filter(({ controller }) => controller !== OURS && controller !== "oracle");
  const dearer = best(rivals.filter(({ cost }) => cost >= ours.cost));
  const cheaper = best(rivals.filter(({ cost }) => cost <= ours.cost));
  return [dearer && `same cost or higher: ${dearer}`, cheaper && `same cost or lower: ${cheaper}`]
    .filter(Boolean)
    .join("; ");
}

function best(rivals: readonly Cell[]): string | undefined {
  const [first] = rivals.toSorted((a, b) => a.late - b.late || a.cost - b.cost);
  if (first === undefined) return undefined;
  return `${first.controller} ${asFigures(first)}`;
}

/** With nothing to see but the queue's length. */
export function lengthBars(plants: readonly Cell[], isSuite: boolean): Bar[] {
  return plants.flatMap(({ plant, late, cost }) => [
    atMost(`length only, ${plant} late`, late, "%", LENGTH_LATE),
    isSuite
      ? atMost(`length only, ${plant} cost`, cost, "", LENGTH_COST)
      : reported(`length only, ${plant} cost`, cost, ""),
  ]);
}

/**
 * In how many cells a rival has both fewer late jobs and less cost, and in how many it also changes no more often. The oracle knows
 * the future, so it does not count.
 */
export function dominanceBars(cells: readonly Cell[]): Bar[] {
  const pairs = dominatingRivals(cells);
  const calm = pairs.filter(([ours, rival]) => rival.changes <= ours.changes);
  return [
    atMost("rivals that dominate, in all cells", pairs.length, "", 0, asPairs(pairs)),
    reported("of these, with no more changes", calm.length, "", asPairs(calm)),
  ];
}

function asPairs(pairs: readonly Pair[]): string {
  return pairs
    .map(([ours, rival]) => {
      const where = `${rival.controller} on ${ours.workload} ${ours.plant}`;
      return `${where}: ${asFigures(rival)} against ${asFigures(ours)}`;
    })
    .join("; ");
}

function asFigures({ late, cost, changes }: Cell): string {
  return `${late.toPrecision(3)} % @ ${cost.toFixed(3)}, ${changes.toFixed(1)}/min`;
}

type Pair = readonly [ours: Cell, rival: Cell];

/** The pairs of our cell and a rival's in the same plant and load that has fewer late at less cost. */
function dominatingRivals(cells: readonly Cell[]): Pair[] {
  return cells
    .filter(({ controller }) => controller === OURS)
    .flatMap((ours) =>
      cells
        .filter(
          (rival) =>
            rival.plant === ours.plant &&
            rival.workload === ours.workload &&
            rival.controller !== "oracle" &&
            dominates(rival, ours),
        )
        .map((rival) => [ours, rival] as const),
    );
}

/** Three priorities on a capacity that is too small. */
export function contentionBars(found: Contention): Bar[] {
  const { late, lateAlone, reversals, reversalsAlone, idle, most } = found;
  const allowed = reversalsAlone.map((_, one) =>
    reversalsAlone.slice(0, one + 1).reduce((sum, each) => sum + each, 0),
  );
  const worst = Math.max(...reversals.map((each, one) => each / allowed[one]!));
  return [
    atMost(
      "contention, top class later than alone",
      Math.max(0, late[0]! - lateAlone[0]!),
      "points",
      TOP_CLASS,
      `late by class ${asList(late)} %, alone ${asList(lateAlone)} %`,
    ),
    atMost("contention, turns with idle capacity that a task lacks", idle, "%", 0),
    atMost("contention, most instances at once, of 40", most, "", 40),
    atMost(
      "contention, turns round, against the classes up to it alone",
      worst,
      "×",
      OSCILLATION,
      `a minute by class ${asList(reversals)}, alone ${asList(reversalsAlone)}`,
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
