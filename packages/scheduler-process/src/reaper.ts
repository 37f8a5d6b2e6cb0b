import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";

import { shortageOf, type PluginContext } from "@microscaling/core";

// Even an agent that is killed with SIGKILL must leave nothing. Then its end of this shell's standard input closes, and the shell kills
// the groups that it was told of and not told the end of. A shell: on every POSIX system, one megabyte, there within a millisecond.
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

const WITHOUT = "the process that would end the instances of a killed agent is gone";

/** Kills what is left when the agent is gone. */
export interface Reaper {
  /** The process group exists. */
  readonly begun: (group: number) => void;
  /** The process group is gone; its number may now be someone else's. */
  readonly ended: (group: number) => void;
  /** Ends the reaper, with whatever is left. */
  readonly close: () => Promise<void>;
}

/** A shell that ended sooner after its start, in milliseconds, is started again only when that time has passed. */
const SHORT_MS = 1000;

/** Makes a reaper. Its process starts with the first group, and again whenever it ends while there are any. */
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
    // In a session of its own, so that a Ctrl-C on the terminal does not reach it.
    // It knows of what there is from its first moment.
    const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", ...[...groups].map(String)], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: {},
    });
    const startedAt = clock.monotonic();
    const ended = (how: string): void => {
      if (shell !== child || closed.signal.aborted) return;
      if (!said) logger.warn(`${WITHOUT} (${how}); it is started again`);
      said = true;
      startAgain(startedAt).catch(() => {});
    };
    child.once("error", (error) => ended(shortageOf(error) ?? error.message));
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`));
    // One that could not be spawned has no streams.
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
