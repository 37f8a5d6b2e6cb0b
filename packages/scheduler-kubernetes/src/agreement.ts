import type { Clock } from "@microscaling/core";

/**
 * Compares what two watches, or a watch and an answer, report about the same object. They often differ for a moment. If they differ for long, one of the two
 * has become silent.
 */
export interface Agreement {
  /** @returns whether they have differed so long that a list is needed. The interval doubles while lists change nothing. */
  isOverdue(key: string, isAgreed: boolean): boolean;
}

/** A difference that lasts this long, in milliseconds, needs a list. */
const DIFFER_MS = 3000;
/** The longest interval, in milliseconds: a difference may be there to stay, such as foreign pods with the same labels. */
const MOST_MS = 300_000;

/** All agree. */
export function createAgreement(clock: Pick<Clock, "monotonic">): Agreement {
  const differing = new Map<string, { readonly dueAt: number; readonly waitMs: number }>();
  return {
    isOverdue(key, isAgreed) {
      const known = differing.get(key);
      if (isAgreed) {
        differing.delete(key);
        return false;
      }
      const now = clock.monotonic();
      if (known !== undefined && now < known.dueAt) return false;
      const waitMs = known === undefined ? DIFFER_MS : Math.min(MOST_MS, known.waitMs * 2);
      differing.set(key, { dueAt: now + waitMs, waitMs });
      return known !== undefined;
    },
  };
}
