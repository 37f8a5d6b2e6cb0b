/**
 * Sends a signal to every process of a group. A group that is gone is no mistake.
 * @throws what the system says otherwise, such as that it is not permitted.
 */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
    throw error;
  }
}

/** Kills what is left of a group, if that may be done. */
export function killGroup(group: number): void {
  try {
    signalGroup(group, "SIGKILL");
  } catch {
    // Processes of another user: not ours to kill, and nobody to tell.
  }
}
