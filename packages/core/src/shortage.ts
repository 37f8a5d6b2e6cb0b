const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE: "the agent has no file descriptors left; raise its limit (ulimit -n)",
  ENFILE: "the machine has no file descriptors left; raise fs.file-max",
  EAGAIN:
    "the machine or the agent's user has reached its limit of processes; raise the limit (ulimit -u)",
  ENOMEM: "the machine has no memory left",
  ENOSPC: "the disk is full",
};

/** How many levels of causes to search. */
const DEEPEST = 5;

/**
 * If `error` or one of its causes shows that the agent or its machine has run out of something: what that is and what to do, for people. Never
 * throws. Plugins use it, because in such a case the backend is not the problem.
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
