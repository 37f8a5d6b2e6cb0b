import { formatDuration, MicroscalingError, type Clock } from "@microscaling/core";

/** Gives `work` so many milliseconds; its signal aborts then, or when `signal` does. */
export async function within<T>(
  { clock, ms, signal, what }: { clock: Clock; ms: number; signal: AbortSignal; what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const late = new MicroscalingError(
    "ERR_METRIC_UNREACHABLE",
    `${what} did not answer within ${formatDuration(ms)}`,
  );
  clock.sleep(ms, either).then(
    () => over.abort(late),
    () => {},
  );
  try {
    return await work(either);
  } finally {
    over.abort();
  }
}
