import type { Decision } from "@microscaling/core";
import { expect, it } from "vitest";
import { explain } from "../src/index.ts";

function decision(change: Partial<Decision>): Decision {
  const granted = change.granted ?? 8;
  return {
    task: "orders",
    desired: granted,
    reason: "above",
    granted,
    requested: granted,
    limits: [],
    reading: { kind: "reading", value: 120, at: 1 },
    counts: undefined,
    ...change,
  };
}

const PREEMPTED = { by: "preempted", preemptedBy: "orders" } as const;
const USED_UP = { by: "capacity", limitingResource: "instances" } as const;
const NO_CPU = { by: "capacity", limitingResource: "media/cpu" } as const;
const WAITING = { by: "waiting", task: "batch" } as const;
const UNKNOWN = { by: "counts", reason: "no answer" } as const;
const HELD = { by: "held", reason: "no reading yet" } as const;

it.each<readonly [string, Partial<Decision>]>([
  ["120 waiting, wants 8", {}],
  ["120 waiting (83.3s at this rate), wants 8", { belief: { expectedWaitSeconds: 83.3 } }],
  ["120 waiting, 24.7/s expected, wants 8", { belief: { forecastRate: 24.71 } }],
  ["120 waiting, wants 2", { reason: "below", granted: 2 }],
  ["120 waiting, on target: keeping 1 instance", { reason: "meeting", granted: 1 }],
  ["120 waiting, wants 263, limited to 8 by max", { desired: 263, limits: [{ by: "max" }] }],
  [
    "120 waiting: raised to 1 by min",
    { reason: "meeting", desired: 0, granted: 1, limits: [{ by: "min" }] },
  ],
  ["120 waiting, wants 0, raised to 1 by min", { desired: 0, granted: 1, limits: [{ by: "min" }] }],
  [
    "120 waiting, wants 263, limited to 8 by max (7 waiting for batch to stop)",
    { desired: 263, requested: 1, limits: [{ by: "max" }, WAITING] },
  ],
  [
    "120 waiting, wants 263, gets 8 (max; capacity used up)",
    { desired: 263, limits: [{ by: "max" }, USED_UP] },
  ],
  [
    "120 waiting, wants 8 (8 waiting for others to stop)",
    { requested: 0, limits: [{ by: "waiting", task: undefined }] },
  ],
  [
    "remainder: wants 10, gets 8 (capacity used up)",
    { reason: "remainder", desired: 10, limits: [USED_UP] },
  ],
  [
    "remainder: wants 10, gets 1 (preempted by orders; media/cpu used up)",
    { reason: "remainder", desired: 10, granted: 1, limits: [PREEMPTED, NO_CPU] },
  ],
  ["fixed: 8", { reason: "fixed" }],
  ["metric failed, fallback: 8", { reason: "fallback" }],
  ["no reading yet: keeping 1 instance", { reason: "held", granted: 1, limits: [HELD] }],
  [
    "no reading yet: raised to 8 by min",
    { reason: "held", desired: 1, limits: [HELD, { by: "min" }] },
  ],
  ["counts unknown (no answer): keeping 8 instances", { reason: "held", limits: [UNKNOWN] }],
  [
    "no usable reading: keeping 8 instances (priority 0: counted, not scaled)",
    { reason: "held", limits: [{ by: "unscaled" }] },
  ],
])("explains: %s", (sentence, change) => {
  expect(explain(decision(change))).toBe(sentence);
});
