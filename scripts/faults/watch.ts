import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "./agent.ts";
import type { Running, World } from "./fault.ts";

/** How often it looks, in milliseconds. */
const LOOK_MS = 50;

/** What was seen of a world. Everything is looked at every 50 ms. */
export interface Watcher {
  /** The fault begins: from now on memory counts. */
  begin(): void;
  /** From now on there may not be fewer of any task than this. */
  guard(least: Running): void;
  /** The most instances that existed at once. */
  readonly most: () => number;
  /** What went missing: the task, how many there were, how many there should have been. */
  readonly lost: () => readonly string[];
  /** How much more memory the agent had at most than before the fault, in megabytes. */
  readonly grownMb: () => number;
  /** Waits until just these exist and the agent is ready. @returns when they came to, or `undefined` when they did not for so long. */
  until(wanted: Running, ms: number): Promise<number | undefined>;
  /** What was seen last. */
  readonly last: () => Running;
  end(): Promise<void>;
}

/** Begins to watch. */
export function watchWorld(world: World, agent: Agent): Watcher {
  const over = new AbortController();
  let seen: Running = {};
  let seenAt = 0;
  let most = 0;
  let least: Running = {};
  const lost = new Set<string>();
  let memory: number[] = [];
  const looking = look();

  async function look(): Promise<void> {
    for (; !over.signal.aborted; await sleep(LOOK_MS)) await lookOnce().catch(() => {});
  }

  async function lookOnce(): Promise<void> {
    const mb = await agent.memoryMb();
    if (mb !== undefined) memory.push(mb);
    const found = await world.running();
    if (!isSame(found, seen)) seenAt = performance.now();
    seen = found;
    most = Math.max(most, sum(found));
    for (const [task, wanted] of Object.entries(least)) {
      const there = found[task] ?? 0;
      if (there < wanted) lost.add(`${task}: ${there} of at least ${wanted}`);
    }
  }

  async function until(wanted: Running, ms: number): Promise<number | undefined> {
    for (const end = performance.now() + ms; performance.now() < end; await sleep(LOOK_MS)) {
      if (isSame(seen, wanted) && (await agent.ready())) return seenAt;
    }
    return undefined;
  }

  return {
    begin: () => void (memory = memory.slice(-1)),
    guard: (next) => void (least = next),
    most: () => most,
    lost: () => [...lost],
    grownMb: () => Math.max(0, ...memory) - (memory[0] ?? 0),
    until,
    last: () => seen,
    async end() {
      over.abort();
      await looking;
    },
  };
}

/** How many that is. */
export function sum(running: Running): number {
  return Object.values(running).reduce((all, one) => all + one, 0);
}

function isSame(a: Running, b: Running): boolean {
  return [...Object.keys(a), ...Object.keys(b)].every((task) => (a[task] ?? 0) === (b[task] ?? 0));
}
