import { spawn, type ChildProcess } from "node:child_process";

import type { Logger } from "@microscaling/core";

// Even an agent that is killed with SIGKILL must leave nothing. Then its end of this shell's standard input closes, and the shell kills
// the groups that it was told of and not told the end of. A shell: on every POSIX system, one megabyte, there within a millisecond.
const SCRIPT = `
groups=' '
while read -r what group; do
  case $what in
    begun) groups="$groups$group " ;;
    ended) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

/** Kills what is left when the agent is gone. */
export interface Reaper {
  /** The process group exists. */
  readonly begun: (group: number) => void;
  /** The process group is gone; its number may now be someone else's. */
  readonly ended: (group: number) => void;
  /** Ends the reaper, with whatever is left. */
  readonly close: () => Promise<void>;
}

/** Makes a reaper. Its process starts with the first group. */
export function createReaper(logger: Logger): Reaper {
  const groups = new Set<number>();
  let shell: ChildProcess | undefined;

  function start(): ChildProcess {
    // In a session of its own, so that a Ctrl-C on the terminal does not reach it.
    const child = spawn("/bin/sh", ["-c", SCRIPT], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
    });
    child.once("error", (error) => {
      const message = "no reaper: instances would outlive an agent that is killed with SIGKILL";
      logger.warn(message, { error: error.message });
    });
    child.once("exit", () => {
      if (shell === child) shell = undefined;
    });
    // When the shell has been killed, the next group starts another.
    child.stdin?.on("error", () => {});
    child.unref();
    if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function")
      child.stdin.unref();
    for (const group of groups) child.stdin?.write(`begun ${group}\n`);
    return child;
  }

  return {
    begun: (group) => {
      shell ??= start();
      groups.add(group);
      shell.stdin?.write(`begun ${group}\n`);
    },
    ended: (group) => {
      groups.delete(group);
      shell?.stdin?.write(`ended ${group}\n`);
    },
    close: async () => {
      if (shell?.pid === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      shell.ref();
      shell.once("exit", () => resolve());
      shell.stdin?.end();
      await promise;
    },
  };
}
