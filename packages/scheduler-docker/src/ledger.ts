/**
 * A change that this process makes to a container and that Docker's list may not show. A list shows the moment at which it was requested, so a
 * change counts until a list was requested after the change had settled.
 */
export interface Change {
  readonly kind: "start" | "stop";
  readonly task: string;
  /** For a start, the container's instance label. For a stop, its id. */
  readonly key: string;
  /** The result so far. */
  readonly outcome: "in progress" | "up" | "gone";
}

/** The changes in progress. */
export interface Ledger {
  begin(kind: Change["kind"], task: string, key: string): Change;
  /** For a stop: the container no longer runs, but Docker's list may still show it until it is removed and the change has settled. */
  markGone(change: Change): void;
  /** Records that the change has succeeded: the container is up, or gone. */
  settle(change: Change, outcome: "up" | "gone"): void;
  /** Records that the change has failed, so that only Docker's list counts. */
  drop(change: Change): void;
  /** Runs `list`, and returns its answer together with all changes that the answer may not show. */
  during<T>(list: () => Promise<T>): Promise<{ readonly listed: T; readonly changes: Change[] }>;
  /** Whether a change is in progress, by the instance label of a start or the id of a stop. */
  isUnderWay(kind: Change["kind"], key: string): boolean;
}

interface Entry extends Change {
  outcome: Change["outcome"];
  settledAt: number;
}

/** Creates an empty ledger. */
export function createLedger(): Ledger {
  const entries = new Map<Change, Entry>();
  const lists = new Set<number>();
  let turn = 0;

  function forget(): void {
    const oldest = Math.min(...lists);
    for (const [change, entry] of entries) if (entry.settledAt < oldest) entries.delete(change);
  }

  return {
    begin(kind, task, key) {
      const entry: Entry = { kind, task, key, outcome: "in progress", settledAt: Infinity };
      entries.set(entry, entry);
      return entry;
    },
    markGone(change) {
      const entry = entries.get(change);
      if (entry !== undefined) entry.outcome = "gone";
    },
    settle(change, outcome) {
      const entry = entries.get(change);
      if (entry === undefined) return;
      entry.outcome = outcome;
      entry.settledAt = ++turn;
      forget();
    },
    drop: (change) => void entries.delete(change),
    async during(list) {
      const begunAt = ++turn;
      lists.add(begunAt);
      try {
        const listed = await list();
        return {
          listed,
          changes: [...entries.values()].filter((entry) => entry.settledAt > begunAt),
        };
      } finally {
        lists.delete(begunAt);
        forget();
      }
    },
    isUnderWay: (kind, key) =>
      [...entries.values()].some(
        (entry) => entry.kind === kind && entry.key === key && entry.outcome === "in progress",
      ),
  };
}
