import type { PluginContext } from "@microscaling/core";

/** A lock that lasts longer than this, in milliseconds, is logged. */
const LONG_MS = 30_000;

/** Called each time an app is locked. Logs each lasting lock once. */
export type LockReport = (app: string, deployment: string) => void;

/** Creates a report. Marathon's deployments have no time limit. A deployment that waits in vain for resources or health locks its app for ever. */
export function createLockReport({ clock, logger }: PluginContext): LockReport {
  /** For each app: what locks it, since when, and whether that was logged. */
  const locks = new Map<string, { deployment: string; since: number; told: boolean }>();

  return (app, deployment) => {
    const known = locks.get(app);
    if (known?.deployment !== deployment) {
      locks.set(app, { deployment, since: clock.monotonic(), told: false });
      return;
    }
    if (known.told || clock.monotonic() - known.since < LONG_MS) return;
    known.told = true;
    logger.warn(
      `app ${app} cannot be scaled: deployment ${deployment} has locked it for ${LONG_MS / 1000} s; GET /v2/queue shows what it waits for, DELETE /v2/deployments/${deployment} ends it`,
    );
  };
}
