import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";

import { shortageOf, type PluginContext } from "@microscaling/core";

// Even an agent that is killed with SIGKILL must leave nothing running. When the agent ends, this shell's standard input closes, and the shell kills
// the groups that have begun and not ended. It is a shell because every POSIX system has one, and it takes one megabyte and starts in a millisecond.
const SCRIPT = `
groups=" $* "
while read -r what group; do
  case $what in
    begun) groups="$groups$group " ;;
    ended) case $groups in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

const WITHOUT = "the process that stops all instances if the agent is killed has ended";

/** Kills all remaining instances when the agent is gone. */
export interface Reaper {
  /** Reports that the process group exists. */
  readonly begun: (group: number) => void;
  /** Reports that the process group is gone. Another process may now have its number. */
  readonly ended: (group: number) => void;
  /** Ends the reaper, and kills whatever is left. */
  readonly close: () => Promise<void>;
}

/** The shortest time between two starts of the shell, in milliseconds. */
const SHORT_MS = 1000;

/** Creates a reaper. Its process starts with the first group, and again whenever it ends while groups exist. */
export function createReaper({ clock, logger }: PluginContext): Reaper {
  const groups = new Set<number>();
  const closed = new AbortController();
  let shell: ChildProcess | undefined;
  let said = false;

  async function startAgain(startedAt: number): Promise<void> {
    shell = undefined;
    await clock.sleep(startedAt + SHORT_MS - clock.monotonic(), closed.signal);
    if (groups.size > 0) shell ??= start();
  }

  function start(): ChildProcess {
    // In its own session, so that a Ctrl-C on the terminal does not reach it.
    // It knows the existing groups from its first moment.
    const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", ...[...groups].map(String)], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
    });
    const startedAt = clock.monotonic();
    const ended = (how: string): void => {
      if (shell !== child || closed.signal.aborted) return;
      if (!said) logger.warn(`${WITHOUT} (${how}); starting it again`);
      said = true;
      startAgain(startedAt).catch(() => {});
    };
    child.once("error", (error) => ended(shortageOf(error) ?? error.message));
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    // A process that could not be spawned has no streams.
    const stdin: unknown = child.stdin;
    if (stdin instanceof Socket) stdin.on("error", () => {}).unref();
    child.unref();
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
      closed.abort();
      if (shell?.pid === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      shell.ref();
      shell.once("exit", () => resolve());
      shell.stdin?.end();
      await promise;
    },
  };
}
