/** The deployments that are known to lock apps, and which of them this scheduler started. */
export interface Locks {
  /** Records that exactly these deployments lock the app. */
  saw(app: string, deployments: readonly string[]): void;
  /** Records that a request for an app was refused because of these deployments. */
  refused(app: string, deployments: readonly string[]): void;
  /** Records that Marathon accepted our change for this task. */
  accepted(app: string, deployment: string, task: string): void;
  /** Records that we cancel a deployment of the app, so its end is not a failure. */
  cancels(app: string): void;
  /** Records that a deployment has ended. @returns our task, if the deployment was ours. */
  ended(deployment: string): string | undefined;
  /** A deployment that locks the app. */
  lockOf(app: string): string | undefined;
  /** Resolves when no known deployment locks the app. */
  free(app: string): Promise<void>;
}

/** The number of remembered ends, because a late answer may name a deployment that has already ended. */
const REMEMBERED = 1000;

/** Creates a record without locks. */
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
