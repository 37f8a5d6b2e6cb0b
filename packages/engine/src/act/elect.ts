import type { Election, ElectionCommand, ElectionEvent } from "./election.ts";
export function stepElection(
  _e: Election,
  _v: ElectionEvent,
  _m: number,
  _n: () => number,
): ElectionCommand[] {
  return [];
}
export function hasEnded({ phase }: Election): boolean {
  return phase.is === "ended";
}
