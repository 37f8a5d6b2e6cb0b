import { type Counts, YOUNG_MS } from "@microscaling/core";
import type { Moment } from "../moment.ts";
import { backOffMs } from "./back-off.ts";

/** How long a task that crashes is held back, in milliseconds: doubles from the first to the last. */
const HOLD_MS: readonly [number, number] = [1000, 300_000];
/** So many observations in a row that show crashes make a crash loop. */
const LOOP_AFTER = 3;
/**
 * The crash window: so long must instances live without a crash, in milliseconds, for the crashes before to be over. Longer than an instance
 * counts as young, since starts between two crashes may be too quick to be seen.
 */
const WINDOW_MS = 2 * YOUNG_MS;
/** Without a crash for so long, in milliseconds, a loop is over in any case: the longest that a backend or the engine waits between two tries. */
const FORGOTTEN_MS = 2 * HOLD_MS[1];

/**
 * What is known of a task's crashes.
 *
 *     calm ──3 crashes──▶ held ──one more is asked for──▶ probing
 *      ▲                   ▲ │                              │ │
 *      │                   │ └──── lives for the window ──▶ │ │    (to calm; from held only where the backend itself tries)
 *      │                   └──── crash, or the probe is gone ┘ │
 *      └────────────── lives for the window ───────────────────┘
 */
export interface CrashLoop {
  phase: "calm" | "held" | "probing";
  /** Observations in a row that showed crashes. */
  crashes: number;
  /** No growth before this time, by the monotonic clock, while held. */
  heldUntil: number;
  /** When the last crash was seen, by the monotonic clock. */
  crashedAt: number;
  /** The plugin's running total of crashes when last seen. */
  total: number | undefined;
  /** For how long since the last crash something has run, nothing started and nothing was pending. */
  livedMs: number;
  /** When counts were last seen, by the monotonic clock, and whether that was so then. */
  countedAt: number;
  living: boolean;
}

/** No crash seen yet. */
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
 * Takes note of fresh counts.
 * @param replaces the backend itself replaces instances that end, so that its attempts are the probes
 * @param isPending requests may not be in these counts yet
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
  // Scaled down before it has proved itself: nothing was learned, so the next attempt is a probe again.
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

/** Time counts only while something runs and nothing starts: a start between two crashes is no sign of life. */
function live(loop: CrashLoop, isLiving: boolean, { mono }: Moment): void {
  if (loop.living && isLiving) loop.livedMs += mono - loop.countedAt;
  loop.countedAt = mono;
  loop.living = isLiving;
}

/** More instances were asked for. */
export function noteGrowth(loop: CrashLoop): void {
  if (loop.phase !== "held") return;
  loop.phase = "probing";
  // Those that live already prove nothing of the one that is to come.
  loop.livedMs = 0;
  loop.living = false;
}

/** What was asked for came to nothing. */
export function noteNoGrowth(loop: CrashLoop): void {
  if (loop.phase === "probing") loop.phase = "held";
}

/** How much the task may grow by; `undefined` when that is not limited. */
export function growthInLoop(
  { phase, heldUntil }: CrashLoop,
  backendTries: boolean,
  { mono }: Moment,
): number | undefined {
  if (phase === "calm") return undefined;
  // The backend's own attempts are the probes: one more with each of them would add up.
  return backendTries || phase === "probing" || mono < heldUntil ? 0 : 1;
}

/** Why a task in a crash loop does not grow, for people. */
export function crashReason(backendTries: boolean, counts: Counts | undefined): string {
  const how = backendTries ? "no more until they live" : "trying again one at a time";
  return `crash loop, ${how}: ${counts?.lastCrash ?? "instances end at once"}`;
}
