/**
 * Sends a signal to every process of a group. Ignores a group that is gone.
 * @throws other errors of the system, for example if it is not permitted.
 */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
    throw error;
  }
}

/** Kills what is left of a group, if that is permitted. */
export function killGroup(group: number): void {
  try {
    signalGroup(group, "SIGKILL");
  } catch {
    // The processes belong to another user, so the agent may not kill them.
  }
}
