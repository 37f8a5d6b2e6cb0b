import type { Clock } from "@microscaling/core";

/**
 * Waits for `work`, but no longer than `ms` milliseconds.
 * @returns whether it ended in time. Otherwise it continues unwatched.
 * @throws what `work` throws in time.
 */
export async function endsWithin(
  clock: Clock,
  ms: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const ended = new AbortController();
  const late = clock.sleep(ms, ended.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}
