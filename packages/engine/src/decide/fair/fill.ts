import { addUses, fitting } from "../resources.ts";
import { fillOneByOne, type Filling, type Members } from "./progressive-filling.ts";
import { unitsBelow } from "./units.ts";

/** Two levels whose relative difference is below this count as the same. Rounding moves a key by less than this. */
const ONE_LEVEL = 1e-9;

/**
 * Fills the class at `from` to `to` in the table's order. The result is that of {@link fillOneByOne}, but faster: all instances below a level at
 * which everything fits are given at once. When a resource is used up, the tasks that do not use it continue in bulk.
 */
export function fillClass(filling: Filling, from: number, to: number): void {
  const { bounded, granted, table, free } = filling;
  const { order } = table;
  let members: Members = wantingBetween(filling, from, to);
  // The usual case, and the rest takes time.
  if (giveAll(filling, members)) return;
  for (;;) {
    members = members.filter((k) => {
      const i = order[k]!;
      return granted[i]! < bounded[i]! && fitting(table, i, 1, free) === 1;
    });
    if (members.length === 0 || giveBelow(filling, members, Infinity)) return;
    giveBelow(filling, members, highestThatFits(filling, members));
    fillOneByOne(filling, members, members.length);
  }
}

function wantingBetween({ bounded, granted, table }: Filling, from: number, to: number): Members {
  const places: number[] = [];
  for (let k = from; k < to; k++) {
    const i = table.order[k]!;
    if (granted[i]! < bounded[i]!) places.push(k);
  }
  return places;
}

/** Gives everything that is wanted, if it fits; says whether it does. */
function giveAll({ table, bounded, granted, free }: Filling, members: Members): boolean {
  const left = free.slice();
  for (const k of members) {
    const i = table.order[k]!;
    addUses(table, left, i, granted[i]! - bounded[i]!);
  }
  if (!left.every((amount) => amount >= 0)) return false;
  for (const k of members) granted[table.order[k]!] = bounded[table.order[k]!]!;
  free.set(left);
  return true;
}

/** How many instances task `i` has when all below `level` are given. */
function countBelow(
  { fair, current, bounded, granted }: Filling,
  i: number,
  level: number,
): number {
  return Math.min(
    bounded[i]!,
    Math.max(granted[i]!, unitsBelow(level, fair.price[i]!, current[i]!)),
  );
}

/** Gives all instances below `level` if they fit. Returns whether they do. */
function giveBelow(filling: Filling, members: Members, level: number): boolean {
  const { table, granted, free } = filling;
  if (!measureBelow(filling, members, level).fits) return false;
  for (const k of members) {
    const i = table.order[k]!;
    const count = countBelow(filling, i, level);
    addUses(table, free, i, granted[i]! - count);
    granted[i] = count;
  }
  return true;
}

/** How many instances below `level` are not given yet, and whether all of them fit. */
function measureBelow(
  filling: Filling,
  members: Members,
  level: number,
): { readonly units: number; readonly fits: boolean } {
  const { table, granted, free } = filling;
  const left = free.slice();
  let units = 0;
  for (const k of members) {
    const i = table.order[k]!;
    const more = countBelow(filling, i, level) - granted[i]!;
    units += more;
    addUses(table, left, i, -more);
  }
  return { units, fits: left.every((amount, r) => amount >= 0 || amount === free[r]!) };
}

/**
 * A level below which everything fits, close to the highest such level: at most as many instances lie between the two as there are members.
 * Requires that what all members want does not fit.
 */
function highestThatFits(filling: Filling, members: Members): number {
  const { fair, table, bounded } = filling;
  let low = 0;
  let high = 0;
  let unitsLow = 0;
  let unitsHigh = Infinity;
  for (const k of members) {
    const i = table.order[k]!;
    high = Math.max(high, bounded[i]! * fair.price[i]!);
  }
  while (high - low > ONE_LEVEL * high && unitsHigh - unitsLow > members.length) {
    const level = (low + high) / 2;
    const { units, fits } = measureBelow(filling, members, level);
    if (fits) {
      low = level;
      unitsLow = units;
    } else {
      high = level;
      unitsHigh = units;
    }
  }
  return low * (1 - ONE_LEVEL);
}
