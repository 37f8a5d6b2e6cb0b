import { type Counts, YOUNG_MS } from "@microscaling/core";
import type { Moment } from "../moment.ts";
import { backOffMs } from "./back-off.ts";

/** How long a crashing task is held, in milliseconds: doubles from the first number to the last. */
const HOLD_MS: readonly [number, number] = [1000, 300_000];
/** The number of observations in a row with crashes that make a crash loop. */
const LOOP_AFTER = 3;
/**
 * The crash window, in milliseconds. If instances live this long without a crash, the earlier crashes are over. It is longer than the time in
 * which an instance counts as young, because starts between two crashes may be too quick to see.
 */
const WINDOW_MS = 2 * YOUNG_MS;
/** After this time without a crash, in milliseconds, a loop is always over. No backend and no engine waits longer between two attempts. */
const FORGOTTEN_MS = 2 * HOLD_MS[1];

/**
 * What is known about a task's crashes.
 *
 *     calm ──3 crashes──▶ held ──one more is asked for──▶ probing
 *      ▲                   ▲ │                              │ │
 *      │                   │ └──── lives for the window ──▶ │ │    (to calm; from held only where the backend itself tries)
 *      │                   └──── crash, or the probe is gone ┘ │
 *      └────────────── lives for the window ───────────────────┘
 */
export interface CrashLoop {
  phase: "calm" | "held" | "probing";
  /** The number of observations in a row that showed crashes. */
  crashes: number;
  /** While held, the task does not grow before this time, by the monotonic clock. */
  heldUntil: number;
  /** When the last crash was seen, by the monotonic clock. */
  crashedAt: number;
  /** The plugin's total number of crashes when it was last seen. */
  total: number | undefined;
  /** How long, since the last crash, instances have been running while nothing started and nothing was pending. */
  livedMs: number;
  /** When counts were last seen, by the monotonic clock, and whether instances were living in that sense. */
  countedAt: number;
  living: boolean;
}

/** The state before any crash. */
export function noCrashes(): CrashLoop {
  return {
    phase: "calm",
    crashes: 0,
    heldUntil: 0,
    crashedAt: 0,
    total: undefined,
    countedAt: 0,
    livedMs: 0,
    living: false,
  };
}

/**
 * Records fresh counts.
 * @param replaces whether the backend itself replaces instances that end, so that its attempts are the probes
 * @param isPending whether requests may not be in these counts yet
 */
export function noteCounts(
  loop: CrashLoop,
  counts: Counts,
  { replaces, isPending }: { readonly replaces: boolean; readonly isPending: boolean },
  now: Moment,
): void {
  const before = loop.total;
  loop.total = counts.crashed ?? before;
  if (before !== undefined && counts.crashed !== undefined && counts.crashed > before)
    return noteCrash(loop, now);
  live(loop, counts.running > 0 && counts.starting === 0 && !isPending, now);
  const isOver = loop.livedMs >= WINDOW_MS && (loop.phase !== "held" || replaces);
  const isForgotten = now.mono - loop.crashedAt >= FORGOTTEN_MS;
  if (loop.crashes > 0 && (isOver || isForgotten)) {
    loop.phase = "calm";
    loop.crashes = 0;
  }
  // The probe was scaled down before it could prove itself. Nothing was learned, so the next attempt is a probe again.
  const isGone = counts.running + counts.starting === 0 && counts.requested === 0 && !isPending;
  if (loop.phase === "probing" && isGone) loop.phase = "held";
}

function noteCrash(loop: CrashLoop, now: Moment): void {
  loop.crashes++;
  loop.crashedAt = now.mono;
  loop.livedMs = 0;
  loop.living = false;
  if (loop.crashes < LOOP_AFTER) return;
  loop.phase = "held";
  loop.heldUntil = now.mono + backOffMs(loop.crashes - LOOP_AFTER + 1, HOLD_MS, now);
}

/** Time counts only while instances run and none starts: a start between two crashes does not prove anything. */
function live(loop: CrashLoop, isLiving: boolean, { mono }: Moment): void {
  if (loop.living && isLiving) loop.livedMs += mono - loop.countedAt;
  loop.countedAt = mono;
  loop.living = isLiving;
}

/** Records that more instances were requested. */
export function noteGrowth(loop: CrashLoop): void {
  if (loop.phase !== "held") return;
  loop.phase = "probing";
  // Instances that already run prove nothing about the new one.
  loop.livedMs = 0;
  loop.living = false;
}

/** Records that the requested instance failed to start. */
export function noteNoGrowth(loop: CrashLoop): void {
  if (loop.phase === "probing") loop.phase = "held";
}

/** By how much the task may grow; `undefined` if that is not limited. */
export function growthInLoop(
  { phase, heldUntil }: CrashLoop,
  backendTries: boolean,
  { mono }: Moment,
): number | undefined {
  if (phase === "calm") return undefined;
  // The backend's own attempts are the probes. An additional one with each attempt would add up.
  return backendTries || phase === "probing" || mono < heldUntil ? 0 : 1;
}

/** Why a task in a crash loop does not grow, for people. */
export function crashReason(backendTries: boolean, counts: Counts | undefined): string {
  const how = backendTries
    ? "no more instances until these stay up"
    : "trying one instance at a time";
  return `crash loop, ${how}: ${counts?.lastCrash ?? "instances end at once"}`;
}
