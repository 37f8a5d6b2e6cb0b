import type { ListWatch } from "./list-watch.ts";
import type { Pod } from "./pods.ts";
import type { Labels, Selector } from "./selector.ts";

/** How many pods of an object there are. */
export interface PodCount {
  /** Not asked to stop; ready or not. */
  readonly present: number;
  /** Asked to stop, and not gone yet. */
  readonly stopping: number;
}

/** Counts the pods of one namespace by the objects that they belong to. */
export interface PodCounter {
  /** The pods of one object. `selectors` is asked only when something has changed since the last count. */
  count(
    key: string,
    selectors: () => ReadonlyMap<string, Selector | undefined>,
  ): PodCount | undefined;
  /** A selector is new or another. */
  forget(): void;
}

/** Counts all objects in one go, and again when a pod has changed: 1,000 of them would else each go through all pods. */
export function createPodCounter(pods: Pick<ListWatch<Pod>, "items" | "version">): PodCounter {
  let index: Index | undefined;
  let counted:
    | { readonly version: number; readonly counts: ReadonlyMap<string, PodCount> }
    | undefined;
  return {
    count(key, selectors) {
      index ??= createIndex(selectors());
      if (counted?.version !== pods.version)
        counted = { version: pods.version, counts: countAll(pods.items.values(), index) };
      return counted.counts.get(key);
    },
    forget() {
      index = undefined;
      counted = undefined;
    },
  };
}

/** Objects by a label that their pods have. */
interface Index {
  readonly selectors: ReadonlyMap<string, Selector>;
  readonly byLabel: ReadonlyMap<string, readonly string[]>;
  /** Those that ask for no label with one value. */
  readonly others: readonly string[];
}

function createIndex(all: ReadonlyMap<string, Selector | undefined>): Index {
  const selectors = new Map<string, Selector>();
  const byLabel = new Map<string, string[]>();
  const others: string[] = [];
  for (const [key, selector] of all) {
    if (selector === undefined) continue;
    selectors.set(key, selector);
    // The last label tells apart more often than the first, which may be the same for a whole app.
    const label = selector.equal.at(-1)?.join("=");
    const same = label === undefined ? others : (byLabel.get(label) ?? []);
    same.push(key);
    if (label !== undefined) byLabel.set(label, same);
  }
  return { selectors, byLabel, others };
}

function countAll(pods: Iterable<Pod>, index: Index): ReadonlyMap<string, PodCount> {
  const counts = new Map<string, { present: number; stopping: number }>();
  for (const key of index.selectors.keys()) counts.set(key, { present: 0, stopping: 0 });
  for (const { labels, stopping } of pods) {
    for (const key of ownersOf(labels, index)) {
      const count = counts.get(key);
      if (count !== undefined) count[stopping ? "stopping" : "present"] += 1;
    }
  }
  return counts;
}

function ownersOf(labels: Labels, { selectors, byLabel, others }: Index): readonly string[] {
  const likely = Object.entries(labels).flatMap(
    ([name, value]) => byLabel.get(`${name}=${value}`) ?? [],
  );
  return [...likely, ...others].filter((key) => selectors.get(key)?.matches(labels) === true);
}
