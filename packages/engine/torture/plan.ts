import type { ReadingParts } from "@microscaling/core";
import type { TargetSpec } from "../src/spec.ts";
import type { BackendSettings } from "./backend.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { createRandom, type Random } from "./random.ts";

/** What a run may leave out, to make a failure smaller. */
export interface Cuts {
  readonly without?: readonly Fault[];
  readonly mostTasks?: number;
  readonly mostAgents?: number;
  /** The world ends at this time, in milliseconds, faults and all. */
  readonly endMs?: number;
}

/** What a world is like throughout, as its seed has it. Times are in milliseconds. */
export interface Plan {
  readonly seed: number;
  /** For each fault that is switched on, how often: see {@link FAULTS}. */
  readonly faults: ReadonlyMap<Fault, number>;
  readonly agents: number;
  /** How long the lease lasts; absent: none is shared. */
  readonly leaseMs: number | undefined;
  readonly backend: BackendSettings;
  readonly prepares: boolean;
  readonly measures: boolean;
  readonly pushes: boolean;
  /** A call takes about so long. */
  readonly scaleMs: number;
  readonly observeMs: number;
  readonly readMs: number;
  readonly parts: readonly (keyof ReadingParts)[];
  readonly targets: readonly TargetSpec["use"][];
  readonly mostTasks: number;
  /** Nothing arrives for hours. */
  readonly idles: boolean;
  /** From here on nothing goes wrong and the load stands still. */
  readonly quietMs: number;
  /** By then the world must have settled. */
  readonly endMs: number;
}

const MINUTE_MS = 60_000;

/** Draws a world. */
export function drawPlan(seed: number, minutes: number, cuts: Cuts = {}): Plan {
  const random = createRandom(seed, "plan");
  const agents = random.chance(0.8) ? 1 : random.int(2, 3);
  const leaseMs = random.pick([5000, 15_000]);
  const backend = {
    replaces: random.chance(0.4),
    startMs: random.chance(0.2) ? 0 : random.log(10, 20_000),
    stopMs: random.chance(0.2) ? 0 : random.log(10, 30_000),
    tellsCrashes: random.chance(0.8),
  };
  const idles = random.chance(0.02);
  const endMs = minutes * MINUTE_MS * (idles ? 4 : 1);
  const plan: Plan = {
    seed,
    faults: drawFaults(seed, random, agents, cuts.without ?? []),
    agents: Math.min(agents, cuts.mostAgents ?? agents),
    leaseMs: agents > 1 || random.chance(0.05) ? leaseMs : undefined,
    backend,
    prepares: random.chance(0.3),
    measures: random.chance(0.2),
    pushes: random.chance(0.5),
    scaleMs: random.log(1, 1000),
    observeMs: random.log(1, 300),
    readMs: random.log(1, 300),
    parts: random.pick([
      [],
      ["ready", "inFlight"],
      ["ready", "inFlight", "delayed", "arrived", "finished"],
    ]),
    targets: drawTargets(random),
    mostTasks: Math.min(random.int(1, 5), cuts.mostTasks ?? 9),
    idles,
    quietMs: endMs - settleMs(minutes),
    endMs,
  };
  return cuts.endMs === undefined
    ? plan
    : { ...plan, endMs: Math.min(endMs, cuts.endMs), quietMs: Math.min(plan.quietMs, cuts.endMs) };
}

/**
 * How long the world may take to settle, in minutes: a crash loop holds a task for up to 5 minutes, a call to be retried waits for up to
 * one, and what backs off goes on one instance at a time.
 */
const SETTLE_MINUTES = 12;

/** A world that is too short for that ends with its faults. */
function settleMs(minutes: number): number {
  return minutes < 2 * SETTLE_MINUTES ? 0 : SETTLE_MINUTES * MINUTE_MS;
}

/** Each seed has some of the faults, so that their combinations differ. */
function drawFaults(
  seed: number,
  random: Random,
  agents: number,
  without: readonly Fault[],
): ReadonlyMap<Fault, number> {
  const share = random.pick([0.05, 0.2, 0.5]);
  const faults = new Map<Fault, number>();
  for (const fault of Object.keys(FAULTS) as Fault[]) {
    // Each has its own numbers, so that a new one leaves the seeds that do not have it as they are.
    const own = createRandom(seed, `fault ${fault}`);
    if (own.chance(share)) faults.set(fault, FAULTS[fault] * own.log(0.05, 1));
  }
  // Where counts lie, little else can be checked.
  if (!random.chance(0.1)) faults.delete("countsLie");
  if (agents > 1) faults.set("kills", FAULTS.kills).set("pauses", FAULTS.pauses);
  for (const fault of without) faults.delete(fault);
  return faults;
}

function drawTargets(random: Random): readonly TargetSpec["use"][] {
  const all = ["latency", "queue", "simple-queue", "fixed", "remainder"] as const;
  if (random.chance(0.4)) return all;
  // Those that do not learn: what they come to in the end is known.
  return random.chance(0.7) ? all.slice(1) : ["latency"];
}
