const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "the agent has no file descriptors left; raise its limit (ulimit -n)",
  ENFILE: "the machine has no file descriptors left; raise fs.file-max",
  EAGAIN: "the machine or the agent's user may have no more processes; raise the limit (ulimit -u)",
  ENOMEM: "the machine has no memory left",
  ENOSPC: "the disk is full",
};

/** How deep a cause may lie in an error. */
const DEEPEST = 5;

/**
 * What the agent or its machine has run out of and what to do, for people, if `error` or one of its causes is about that. Never throws. For
 * plugins: a backend that cannot be asked for such a reason is not the one to check.
 */
export function shortageOf(error: unknown): string | undefined {
  let one = error;
  for (let depth = 0; depth < DEEPEST && one instanceof Error; depth++) {
    if ("code" in one && typeof one.code === "string" && Object.hasOwn(SHORTAGES, one.code))
      return SHORTAGES[one.code];
    one = one.cause;
  }
  return undefined;
}
