import * as fc from "fast-check";
import { shareFairly } from "../../src/decide/fair/share-fairly.ts";
import { layOutTasks, type SharingSpec, type TaskSpec } from "../../src/index.ts";
import { taskSpec } from "../world.ts";

/** One task as sharing sees it. Everything is a whole number but the weight. */
export interface Sharer {
  readonly name: string;
  readonly priority: number;
  readonly remainder: boolean;
  readonly weight: number;
  readonly group: string | undefined;
  readonly uses: Readonly<Record<string, number>>;
  readonly min: number;
  readonly bounded: number;
  readonly has: number;
  readonly state: "settled" | "unsettled" | "not counted";
}

/** Who shares what. */
export interface SharingCase {
  readonly sharers: readonly Sharer[];
  readonly capacity: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly minIsGuarantee: boolean;
}

const WEIGHTS = [1, 2, 3, 0.5, 1.5, 0.1];

/** What cases are drawn from. */
export interface CaseOptions {
  /** One resource, of which all use as much. */
  readonly equal?: boolean;
  /** No task with something under way, and all of them counted. */
  readonly allSettled?: boolean;
}

/** Up to 8 tasks of up to 3 priorities, up to 2 resources and up to 2 groups; or one resource of which all use as much. */
export function cases({
  equal = false,
  allSettled = false,
}: CaseOptions = {}): fc.Arbitrary<SharingCase> {
  const amount = fc.integer({ min: 0, max: 7 });
  const sharer = fc.record({
    priority: fc.integer({ min: 1, max: 3 }),
    remainder: fc.integer({ min: 0, max: 4 }).map((draw) => draw === 0),
    weight: fc.constantFrom(...WEIGHTS),
    group: equal ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, "g", "h"),
    uses: equal ? fc.constant({ cpu: 3 }) : fc.record({ cpu: amount, memory: amount }),
    min: fc.integer({ min: 0, max: 2 }),
    bounded: fc.integer({ min: 0, max: 12 }),
    has: fc.integer({ min: 0, max: 12 }),
    state: allSettled
      ? fc.constant("settled" as const)
      : fc.constantFrom("settled", "settled", "settled", "unsettled", "not counted" as const),
  });
  const inAll = fc.integer({ min: 1, max: 120 });
  return fc
    .record({
      drawn: fc.array(sharer, { minLength: 1, maxLength: 8 }),
      capacity: equal ? fc.record({ cpu: inAll }) : fc.record({ cpu: inAll, memory: inAll }),
      groups: equal
        ? fc.constant({})
        : fc.record({ g: fc.record({ cpu: inAll }), h: fc.record({ memory: inAll }) }),
      minIsGuarantee: fc.boolean(),
    })
    .map(({ drawn, capacity, groups, minIsGuarantee }) => ({
      capacity,
      groups,
      minIsGuarantee,
      // As `boundAll` has it: what is not counted wants what it has, and what has not settled no less.
      sharers: drawn.map((each, i) => ({
        ...each,
        name: `t${(i * 5) % 8}`,
        bounded: boundOf(each),
      })),
    }));
}

function boundOf({ state, bounded, has }: Pick<Sharer, "state" | "bounded" | "has">): number {
  if (state === "not counted") return has;
  return state === "settled" ? bounded : Math.max(bounded, has);
}

/** How much of it all shares as `fair`. */
export function fairly(settings: Partial<SharingSpec> = {}): SharingSpec {
  return {
    share: "fair",
    minIsGuarantee: true,
    protectYoung: false,
    maxTakenShare: 1,
    groups: new Map(),
    ...settings,
  };
}

/** A sharer's task. */
export function specOf({
  name,
  priority,
  remainder,
  weight,
  group,
  uses,
  min,
  bounded,
}: Sharer): TaskSpec {
  return taskSpec(name, remainder ? { use: "remainder" } : { use: "fixed", instances: bounded }, {
    priority,
    weight,
    min,
    max: remainder ? Math.max(min, bounded) : 20,
    maxDelta: 20,
    uses,
    ...(group === undefined ? {} : { group }),
  });
}

/** What each is given. */
export function give({ sharers, capacity, groups, minIsGuarantee }: SharingCase): number[] {
  const sharing = fairly({ minIsGuarantee, groups: new Map(Object.entries(groups)) });
  const table = layOutTasks(sharers.map(specOf), capacity, sharing);
  const demand = {
    current: Int32Array.from(sharers, ({ has }) => has),
    bounded: Int32Array.from(sharers, ({ bounded }) => bounded),
    preemptible: Uint8Array.from(sharers, ({ state }) => Number(state !== "not counted")),
    settled: Uint8Array.from(sharers, ({ state }) => Number(state === "settled")),
  };
  return [...shareFairly(table, table.fair!, demand).granted];
}

/** What is used of a resource: of the whole, or by one group. */
export function used(
  { sharers }: SharingCase,
  counts: readonly number[],
  resource: string,
  group?: string,
): number {
  return sharers.reduce(
    (sum, { uses, group: own }, i) =>
      sum + (group === undefined || group === own ? counts[i]! * (uses[resource] ?? 0) : 0),
    0,
  );
}

/** Every resource of the whole and of the groups: how much there is, and how much of it is used. */
export function limitsOf(
  all: SharingCase,
  counts: readonly number[],
): {
  readonly resource: string;
  readonly group?: string;
  readonly there: number;
  readonly used: number;
}[] {
  const whole = Object.entries(all.capacity).map(([resource, there]) => ({
    resource,
    there,
    used: used(all, counts, resource),
  }));
  const grouped = Object.entries(all.groups).flatMap(([group, amounts]) =>
    Object.entries(amounts).map(([resource, there]) => ({
      resource,
      group,
      there,
      used: used(all, counts, resource, group),
    })),
  );
  return [...whole, ...grouped];
}

/** Whether one more instance of the `i`-th fits beside `counts`. */
export function fitsBeside(all: SharingCase, counts: readonly number[], i: number): boolean {
  const sharer = all.sharers[i]!;
  return limitsOf(all, counts).every(({ resource, group, there, used: taken }) => {
    const each = group === undefined || group === sharer.group ? (sharer.uses[resource] ?? 0) : 0;
    return each === 0 || taken + each <= there;
  });
}

/** Lower comes first: a remainder after all others. */
export function classOf({ priority, remainder }: Sharer): number {
  return (remainder ? 100 : 0) + priority;
}

/** Whether so many instances fit. */
export function fits(all: SharingCase, counts: readonly number[]): boolean {
  return limitsOf(all, counts).every(({ there, used: taken }) => taken <= there);
}

/** What each has whatever others want: what is not counted has its share of what is there, which is all of it unless that exceeds the capacity. */
export function unmovable(all: SharingCase): number[] {
  const there = all.sharers.map((each): Sharer => {
    const state = each.state === "not counted" ? "unsettled" : each.state;
    return { ...each, bounded: each.has, state };
  });
  const shares = giveBeside(
    there.map(() => 0),
    { ...all, sharers: there },
  );
  return all.sharers.map(({ state }, i) => (state === "not counted" ? shares[i]! : 0));
}

/** What each has where the minima fit. */
export function floorsOf(all: SharingCase): number[] {
  const kept = unmovable(all);
  return all.sharers.map(({ min, bounded }, i) => Math.max(Math.min(min, bounded), kept[i]!));
}

/** The key of a sharer's `k`-th instance as an exact fraction: its dominant share by its weight, a tenth less where it has it. */
function keyOf(
  { capacity }: SharingCase,
  { uses, weight, has }: Sharer,
  k: number,
): readonly [bigint, bigint] {
  let [part, whole] = [0, 1];
  for (const [resource, there] of Object.entries(capacity)) {
    const each = uses[resource] ?? 0;
    if (each * whole > part * there) [part, whole] = [each, there];
  }
  return [BigInt(part * k * (k <= has ? 9 : 10)), BigInt(whole * Math.round(weight * 1000))];
}

/** Whether instance `k` of `a` comes before instance `l` of `b`; they are of one class. */
export function comesBefore(all: SharingCase, a: Sharer, k: number, b: Sharer, l: number): boolean {
  const [x, ofX] = keyOf(all, a, k);
  const [y, ofY] = keyOf(all, b, l);
  if (x * ofY !== y * ofX) return x * ofY < y * ofX;
  if (k <= a.has !== l <= b.has) return k <= a.has;
  return a.name < b.name;
}

function leastOf({ min, bounded }: Sharer): number {
  return Math.min(min, bounded);
}

/** What is under way is not taken for an equal. */
function keptOf({ state, has }: Sharer): number {
  return state === "settled" ? 0 : has;
}

/** Sharing as it is defined: one instance after the other, to whose key is the least. */
export function giveOneByOne(all: SharingCase): number[] {
  return giveBeside(unmovable(all), all);
}

/** The same beside what each has already. */
function giveBeside(kept: readonly number[], all: SharingCase): number[] {
  const { sharers, minIsGuarantee } = all;
  const counts = [...kept];
  const places = sharers.map((_, i) => i);
  const byName = places.toSorted((a, b) => (sharers[a]!.name < sharers[b]!.name ? -1 : 1));
  const classes = [...new Set(sharers.map((sharer) => classOf(sharer)))].toSorted((a, b) => a - b);
  const raise = (level: number, upTo: (sharer: Sharer) => number): void => {
    for (const i of byName) {
      if (classOf(sharers[i]!) !== level) continue;
      while (counts[i]! < upTo(sharers[i]!) && fitsBeside(all, counts, i)) counts[i]!++;
    }
  };
  if (minIsGuarantee) for (const level of classes) raise(level, leastOf);
  for (const level of classes) {
    if (!minIsGuarantee) raise(level, leastOf);
    raise(level, keptOf);
    let hungry = places.filter((i) => classOf(sharers[i]!) === level);
    for (;;) {
      hungry = hungry.filter((i) => counts[i]! < sharers[i]!.bounded && fitsBeside(all, counts, i));
      if (hungry.length === 0) break;
      const next = hungry.reduce((a, b) =>
        comesBefore(all, sharers[a]!, counts[a]! + 1, sharers[b]!, counts[b]! + 1) ? a : b,
      );
      counts[next]!++;
    }
  }
  return counts;
}

/** Nothing runs at first that does not fit, and all that tasks want is at least their minimum. */
export const startable: fc.Arbitrary<SharingCase> = cases({ allSettled: true }).map((all) => {
  for (const each of all.sharers)
    Object.assign(each, { bounded: Math.max(each.bounded, each.min) });
  const wishing = all.sharers.map((each) => Object.assign({}, each, { bounded: each.has }));
  for (const [i, has] of give({ ...all, sharers: wishing }).entries())
    Object.assign(all.sharers[i]!, { has });
  return all;
});
