import { expect, it } from "vitest";
import { compareUnits } from "../../src/decide/fair/units.ts";
import { layOutTasks, type TaskSpec } from "../../src/index.ts";
import { taskSpec } from "../world.ts";
import { fairly } from "./cases.ts";

// The last two differ by less than rounding does.
const WEIGHTS = [1, 3, 0.1, 0.7, 1e10, 1e10 + 0.001];
const USES = [{ cpu: 1 }, { cpu: 7 }, { memory: 1 }, { memory: 3 }, { cpu: 3, memory: 1 }];
const CAPACITY = { cpu: 49, memory: 21 };
/** Of each task two are there; `COUNTS` is what others are. */
const CURRENT = 2;
const COUNTS = [1, 2, 3, 7, 10, 21];

const TASKS: readonly TaskSpec[] = USES.flatMap((uses, u) =>
  WEIGHTS.map((weight, w) =>
    taskSpec(`t${u}${w}`, { use: "fixed", instances: 0 }, { uses, weight }),
  ),
);

/** The key as a fraction of whole numbers, after {@link CURRENT} in full. */
function keyOf({ uses, weight = 1 }: TaskSpec, k: number): readonly [bigint, bigint] {
  const { cpu = 0, memory = 0 } = uses;
  const [part, whole] =
    cpu * CAPACITY.memory > memory * CAPACITY.cpu ? [cpu, CAPACITY.cpu] : [memory, CAPACITY.memory];
  return [
    BigInt(part * k * (k <= CURRENT ? 9 : 10)),
    BigInt(whole) * BigInt(Math.round(weight * 1000)),
  ];
}

/** −1 where instance `k` of `a` comes before instance `l` of `b`, 0 where they are equal. */
function expected(a: TaskSpec, k: number, b: TaskSpec, l: number): number {
  const [x, ofX] = keyOf(a, k);
  const [y, ofY] = keyOf(b, l);
  if (x * ofY !== y * ofX) return x * ofY < y * ofX ? -1 : 1;
  return Number(l <= CURRENT) - Number(k <= CURRENT);
}

it("orders instances by their keys as if nothing were rounded, and of equal ones those that run first", () => {
  const { fair } = layOutTasks(TASKS, CAPACITY, fairly());
  const current = new Int32Array(TASKS.length).fill(CURRENT);
  const wrong: string[] = [];
  let equal = 0;
  for (const [a, one] of TASKS.entries())
    for (const [b, other] of TASKS.entries())
      for (const k of COUNTS)
        for (const l of COUNTS) {
          const found = Math.sign(compareUnits(fair!, current, a, k, b, l));
          if (found !== expected(one, k, other, l))
            wrong.push(`${k} of ${one.name}, ${l} of ${other.name}`);
          equal += Number(found === 0);
        }
  expect(wrong).toEqual([]);
  expect(equal).toBeGreaterThan(0);
});
