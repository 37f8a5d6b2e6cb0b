/**
 * Something this process does to a container that Docker's list may not show yet, or no longer. A list is a picture of the moment it
 * was asked for, so a change counts until a list was asked for after it had settled.
 */
export interface Change {
  readonly kind: "start" | "stop";
  readonly task: string;
  /** A start: the container's instance label. A stop: its id. */
  readonly key: string;
  /** What became of it, once it has. */
  readonly outcome: "under way" | "up" | "gone";
}

/** The changes under way. */
export interface Ledger {
  begin(kind: Change["kind"], task: string, key: string): Change;
  /** A stop: it runs no more, but Docker's list may still say so until the container is removed and the change settled. */
  markGone(change: Change): void;
  /** It has come true: the container is up, or gone. */
  settle(change: Change, outcome: "up" | "gone"): void;
  /** It has not come true: only Docker's word counts. */
  drop(change: Change): void;
  /** Runs `list`, and gives with its answer all changes that the answer may not show. */
  during<T>(list: () => Promise<T>): Promise<{ readonly listed: T; readonly changes: Change[] }>;
  /** Whether this is under way: by a start's instance label, or a stop's id. */
  isUnderWay(kind: Change["kind"], key: string): boolean;
}

interface Entry extends Change {
  outcome: Change["outcome"];
  settledAt: number;
}

/** Makes an empty ledger. */
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
      const entry: Entry = { kind, task, key, outcome: "under way", settledAt: Infinity };
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
        (entry) => entry.kind === kind && entry.key === key && entry.outcome === "under way",
      ),
  };
}
