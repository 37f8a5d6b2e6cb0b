import type { EngineEvent } from "../events.ts";
import type { AgentState } from "../state.ts";
import { follow, type FollowContext } from "./follow.ts";

/** A lost watch begins again after this time, in milliseconds. Everything is polled meanwhile. */
const REWATCH_MS = 1000;

/** Follows what plugins push. */
export interface Watches {
  /** Follows the scheduler and the sources of `state`. Those that are already followed continue. */
  follow(state: AgentState): void;
}

/** Ends only with its signal. */
function followToTheEnd(...following: Parameters<typeof follow>): void {
  follow(...following).catch(() => {});
}

/** Follows plugins that push until the signal aborts. */
export function createWatches(
  context: FollowContext,
  dispatch: (event: EngineEvent) => void,
): Watches {
  const { signal } = context;
  let isSchedulerFollowed = false;
  /** What is followed and how to end it, by the name of the source. */
  const followed = new Map<string, { readonly key: string; readonly over: AbortController }>();

  function followScheduler({ spec }: AgentState): void {
    const { name, scheduler } = spec.scheduler;
    if (isSchedulerFollowed || scheduler.watch === undefined) return;
    isSchedulerFollowed = true;
    const events = {
      changed: () => dispatch({ type: "countsChanged" }),
      failed: (task: string, error: unknown) => dispatch({ type: "failed", task, error }),
    };
    const watch = async (): Promise<void> => {
      try {
        await scheduler.watch?.(events, signal);
      } finally {
        // Observing finds what happened while nothing was watched.
        dispatch({ type: "countsChanged" });
      }
    };
    followToTheEnd(context, `scheduler ${name}`, REWATCH_MS, watch);
  }

  function followSource(state: AgentState, source: string): void {
    const { metric, name } = state.spec.sources.get(source)!;
    if (metric.watch === undefined) return;
    const queries = state.tasks
      .filter(({ spec }) => spec.metric?.source === source)
      .map(({ spec }) => ({ task: spec.name, query: spec.metric?.query }));
    const key = JSON.stringify(queries);
    if (followed.get(source)?.key === key) return;
    followed.get(source)?.over.abort();
    const over = new AbortController();
    followed.set(source, { key, over });
    const either = AbortSignal.any([signal, over.signal]);
    const changed = (): void => dispatch({ type: "sourceChanged", source });
    const watch = async (): Promise<void> => metric.watch?.(queries, changed, either);
    followToTheEnd({ ...context, signal: either }, `metric ${name}`, REWATCH_MS, watch);
  }

  return {
    follow(state) {
      followScheduler(state);
      const names = new Set(state.sources.map(({ name }) => name));
      for (const [name, { over }] of followed) {
        if (names.has(name)) continue;
        over.abort();
        followed.delete(name);
      }
      for (const name of names) followSource(state, name);
    },
  };
}
