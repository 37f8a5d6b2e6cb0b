import { NOBODY, type Allocation, type Demand } from "../allocate.ts";
import type { Observed } from "../../observe/observed.ts";
import { addUses, fitting } from "../resources.ts";
import type { TaskTable } from "../task-table.ts";
import type { FairTable } from "./fair-table.ts";

/** What is remembered to limit how much moves at a time. */
export interface Churn {
  /** For each task, what it had requested at the last decision; −1 if not known. */
  readonly requested: Int32Array;
  /** For each task, when it last grew, in milliseconds of the engine's steady time. */
  readonly grownAt: Float64Array;
  /** The round in progress, if instances are being taken. */
  readonly round: Round | undefined;
}

interface Round {
  /** When the round began, in milliseconds of the engine's steady time. */
  readonly since: number;
  /** For each task, what it had requested when the round began. Anything less than that has been taken. */
  readonly requested: Int32Array;
}

/** The shortest round, in milliseconds. Without it, instant stops would let every turn of the loop take the whole share. */
const ROUND_MS = 3000;
/** The longest round, in milliseconds. A stop that never ends must not block everything. */
const LONGEST_ROUND_MS = 30_000;

/** Nothing remembered yet, for this number of tasks. */
export function noChurn(tasks: number): Churn {
  return {
    requested: new Int32Array(tasks).fill(-1),
    grownAt: new Float64Array(tasks).fill(Number.NEGATIVE_INFINITY),
    round: undefined,
  };
}

/** What was remembered, for new tasks: task i had the index `from[i]` before; −1 if it is new. */
export function takeOverChurn({ requested, grownAt }: Churn, from: readonly number[]): Churn {
  return {
    requested: Int32Array.from(from, (i) => requested[i] ?? -1),
    grownAt: Float64Array.from(from, (i) => grownAt[i] ?? Number.NEGATIVE_INFINITY),
    round: undefined,
  };
}

/** The input for limiting churn. */
export interface ChurnInput {
  readonly table: TaskTable;
  readonly fair: FairTable;
  readonly demand: Demand;
  readonly observed: readonly Observed[];
  /** How long each task's starts take, in seconds, if known. */
  readonly startupSeconds: (i: number) => number | undefined;
  /** Milliseconds of the engine's steady time. */
  readonly now: number;
}

/**
 * Takes from tasks only what may be taken now on the way to `ideal`, the last in order first. The tasks keep the rest, and the tasks that gain
 * wait for it. This always reaches the ideal, because the ideal stays the same while more and more is taken.
 */
export function limitChurn(
  input: ChurnInput,
  ideal: Allocation,
  before: Churn,
): { readonly allocation: Allocation; readonly churn: Churn } {
  const { fair, demand, now } = input;
  const { protectYoung, maxTakenShare } = fair.spec;
  if (!protectYoung && maxTakenShare === 1) return { allocation: ideal, churn: before };
  const churn = observe(input, before);
  const losers = findLosers(input, ideal);
  if (losers.length === 0) return { allocation: ideal, churn };
  const isYoung = (i: number): boolean => {
    const age = now - churn.grownAt[i]!;
    return protectYoung && age < (input.startupSeconds(i) ?? 0) * 1000;
  };
  const isForYoung = losers.some(isYoung);
  if (!isForYoung && maxTakenShare === 1) return { allocation: ideal, churn };
  const round = churn.round ?? { since: now, requested: demand.current };
  const taken = takeSome(input, ideal, losers, round, isYoung);
  return {
    allocation: settleFor(input, ideal, losers, taken, isForYoung),
    churn: { ...churn, round: losers.some((_, at) => taken[at]! > 0) ? round : churn.round },
  };
}

/** What has changed since the last decision. */
function observe({ demand, observed, now }: ChurnInput, before: Churn): Churn {
  const requested = demand.current.slice();
  const grownAt = before.grownAt.slice();
  for (let i = 0; i < requested.length; i++) {
    if (observed[i]!.counts === undefined) requested[i] = -1;
    else if (before.requested[i]! >= 0 && requested[i]! > before.requested[i]!) grownAt[i] = now;
  }
  const { round } = before;
  const isOver =
    round !== undefined &&
    now - round.since >= ROUND_MS &&
    (now - round.since >= LONGEST_ROUND_MS || !isUnderWay(round, demand, observed));
  return { requested, grownAt, round: isOver ? undefined : round };
}

/** Whether some stops of the round have not ended. */
function isUnderWay(
  round: Round,
  { current: requested }: Demand,
  observed: readonly Observed[],
): boolean {
  return observed.some(
    ({ pending, counts }, i) =>
      requested[i]! < round.requested[i]! && (pending.length > 0 || (counts?.stopping ?? 0) > 0),
  );
}

/** The tasks that must give up instances that they have and still want, the last in order first. */
function findLosers({ table, demand }: ChurnInput, { granted }: Allocation): number[] {
  const losers: number[] = [];
  for (let k = table.order.length - 1; k >= 0; k--) {
    const i = table.order[k]!;
    if (granted[i]! < hasOf(demand, i)) losers.push(i);
  }
  return losers;
}

function hasOf({ current: requested, bounded }: Demand, i: number): number {
  return Math.min(requested[i]!, bounded[i]!);
}

/** How many instances are taken from each loser now. */
function takeSome(
  { table, fair, demand }: ChurnInput,
  { granted }: Allocation,
  losers: readonly number[],
  round: Round,
  isYoung: (i: number) => boolean,
): readonly number[] {
  const budget = table.capacity.map((amount, r) =>
    r < fair.whole ? amount * fair.spec.maxTakenShare : Infinity,
  );
  let isFirst = true;
  for (let i = 0; i < demand.bounded.length; i++) {
    const gone = Math.min(round.requested[i]!, demand.bounded[i]!) - demand.current[i]!;
    if (gone <= 0) continue;
    isFirst = false;
    addUses(table, budget, i, -gone);
  }
  return losers.map((i) => {
    if (isYoung(i)) return 0;
    const wanted = hasOf(demand, i) - granted[i]!;
    // One instance can always move, however small the share.
    const taken = Math.max(fitting(table, i, wanted, budget), isFirst ? 1 : 0);
    isFirst = false;
    addUses(table, budget, i, -taken);
    return taken;
  });
}

/** What each task gets while the losers keep everything except what is `taken`, as far as the capacity allows. */
function settleFor(
  { table, fair, demand }: ChurnInput,
  ideal: Allocation,
  losers: readonly number[],
  taken: readonly number[],
  isForYoung: boolean,
): Allocation {
  const granted = ideal.granted.map((each, i) => Math.min(each, demand.current[i]!));
  const free = table.capacity.slice();
  for (let i = 0; i < granted.length; i++) addUses(table, free, i, -granted[i]!);
  const give = (i: number, wanted: number): void => {
    const given = fitting(table, i, wanted, free);
    granted[i] = granted[i]! + given;
    addUses(table, free, i, -given);
  };
  for (let at = losers.length - 1; at >= 0; at--) {
    const i = losers[at]!;
    give(i, hasOf(demand, i) - taken[at]! - granted[i]!);
  }
  for (const i of table.order) give(i, Math.max(0, ideal.granted[i]! - granted[i]!));
  const delayed = granted.map((each, i) => Number(each < ideal.granted[i]!));
  const preemptedBy = ideal.preemptedBy.map((taker, i) =>
    granted[i]! < hasOf(demand, i) ? taker : NOBODY,
  );
  const share = `${Number((fair.spec.maxTakenShare * 100).toPrecision(3))} % of the capacity`;
  const reason = isForYoung
    ? "the other instances started too recently to be preempted"
    : `at most ${share} moves between tasks in one round`;
  return { ...ideal, granted, preemptedBy, delay: { tasks: delayed, reason } };
}
