import type { DecisionRecord } from "@microscaling/core";

/** Forgets the tasks that are no longer decided on: an agent runs for years, and its config changes. */
export function forgetOthers(known: Map<string, unknown>, { decisions }: DecisionRecord): void {
  if (known.size <= decisions.length) return;
  const names = new Set(decisions.map(({ task }) => task));
  for (const task of known.keys()) if (!names.has(task)) known.delete(task);
}
