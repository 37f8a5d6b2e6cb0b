import type { Clock } from "@microscaling/core";

/** The part of `process` that is used. Tests provide an emitter. */
export interface ProcessLike {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** Signals, and errors that no code handled. */
export interface ProcessHandlers {
  /** The first SIGTERM or SIGINT. */
  stop(signal: string): void;
  /** A second SIGTERM or SIGINT. */
  stopAtOnce(signal: string): void;
  /** SIGHUP. */
  reload(): void;
  /** An unhandled promise rejection. */
  rejected(reason: unknown): void;
  /** An uncaught exception. The process can no longer be trusted. */
  crashed(error: unknown): void;
}

/** Two signals within this time, in milliseconds, are one Ctrl-C: the terminal sends it, and npm passes it on. */
export const ONE_KEYPRESS_MS = 500;

/**
 * Listens to signals and to unhandled errors.
 * @returns a function that stops listening.
 */
export function listenToProcess(
  target: ProcessLike,
  clock: Clock,
  handlers: ProcessHandlers,
): () => void {
  let firstAt: number | undefined;
  const onStop = (signal: unknown): void => {
    if (firstAt === undefined) {
      firstAt = clock.monotonic();
      handlers.stop(String(signal));
    } else if (clock.monotonic() - firstAt >= ONE_KEYPRESS_MS) handlers.stopAtOnce(String(signal));
  };
  const listeners = {
    SIGTERM: onStop,
    SIGINT: onStop,
    SIGHUP: () => handlers.reload(),
    unhandledRejection: (reason: unknown) => handlers.rejected(reason),
    uncaughtException: (error: unknown) => handlers.crashed(error),
  };
  for (const [event, listener] of Object.entries(listeners)) target.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) target.off(event, listener);
  };
}

const PLUGIN_PATH =
  /(?:node_modules\/(?:\.pnpm\/[^/]+\/node_modules\/)?((?:@[^/]+\/)?(?:microscaling-)?(?:scheduler|metric)-[\w-]+)|packages\/((?:scheduler|metric)-[\w-]+))\//;

/** The plugin whose code is nearest to the origin of `error`, if the stack shows one. */
export function pluginOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  const match = stack === undefined ? null : PLUGIN_PATH.exec(stack);
  return match?.[1] ?? match?.[2];
}
