import type { PluginContext } from "@microscaling/core";

/** A lock that lasts longer than this, in milliseconds, is worth a line in the log. */
const LONG_MS = 30_000;

/** Told each time an app is found locked; says so once for each lock that lasts. */
export type LockReport = (app: string, deployment: string) => void;

/** Makes a report. Marathon's deployments have no time limit: one that waits for room or health that never comes locks its app for ever. */
export function createLockReport({ clock, logger }: PluginContext): LockReport {
  /** Of each app: what locks it, since when, and whether that was said. */
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
