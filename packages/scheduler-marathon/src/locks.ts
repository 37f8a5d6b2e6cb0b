/** Which deployments lock which apps, as far as is known; and which of them are our own. */
export interface Locks {
  /** These, and no others, were said to lock the app. */
  saw(app: string, deployments: readonly string[]): void;
  /** An app was refused because of these. */
  refused(app: string, deployments: readonly string[]): void;
  /** A change of ours for this task was accepted. */
  accepted(app: string, deployment: string, task: string): void;
  /** A deployment of the app is cancelled by us: it is no failure. */
  cancels(app: string): void;
  /** A deployment has ended. @returns the task of ours that it was for. */
  ended(deployment: string): string | undefined;
  /** One that locks the app. */
  lockOf(app: string): string | undefined;
  /** Resolves once nothing is known to lock the app. */
  free(app: string): Promise<void>;
}

/** Answers come late, and tell of deployments whose end was told before: so many ends are remembered. */
const REMEMBERED = 1000;

/** Makes a record without locks. */
export function createLocks(): Locks {
  const byApp = new Map<string, Set<string>>();
  const ours = new Map<string, { readonly app: string; readonly task: string }>();
  const ended = new Set<string>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();

  function set(app: string, deployments: readonly string[]): void {
    const still = deployments.filter((id) => !ended.has(id));
    if (still.length > 0) {
      byApp.set(app, new Set(still));
      return;
    }
    byApp.delete(app);
    waiting.get(app)?.resolve();
    waiting.delete(app);
  }

  const locksOf = (app: string): readonly string[] => [...(byApp.get(app) ?? [])];

  return {
    saw: set,
    refused: (app, deployments) => set(app, [...locksOf(app), ...deployments]),
    accepted(app, deployment, task) {
      if (ended.has(deployment)) return;
      ours.set(deployment, { app, task });
      set(app, [...locksOf(app), deployment]);
    },
    cancels(app) {
      for (const [id, mine] of ours) if (mine.app === app) ours.delete(id);
    },
    ended(deployment) {
      ended.add(deployment);
      const [oldest] = ended;
      if (ended.size > REMEMBERED && oldest !== undefined) ended.delete(oldest);
      for (const app of byApp.keys()) set(app, locksOf(app));
      const task = ours.get(deployment)?.task;
      ours.delete(deployment);
      return task;
    },
    lockOf: (app) => locksOf(app)[0],
    free(app) {
      if (!byApp.has(app)) return Promise.resolve();
      const found = waiting.get(app) ?? Promise.withResolvers<void>();
      waiting.set(app, found);
      return found.promise;
    },
  };
}
