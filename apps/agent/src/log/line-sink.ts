import type { Writable } from "node:stream";

/** How the log fares. */
export interface LogHealth {
  /** Lines that were lost since the start. */
  readonly lost: number;
  /** Why the newest line was lost, if it was. */
  readonly problem: string | undefined;
}

/** Where lines go. A line that cannot be written is lost and counted: it never throws, never waits, and never ends the agent. */
export interface LineSink {
  write(line: string): void;
  health(): LogHealth;
}

/** So much may wait to be written, in bytes, before lines are dropped. */
const MOST_WAITING = 8 * 1024 * 1024;

/**
 * Makes a sink for a standard stream.
 * @param recovered told when lines can be written again, with how many were lost since the last time
 */
export function createLineSink(
  stream: Pick<Writable, "write" | "on" | "writableLength">,
  recovered: (lost: number) => void,
): LineSink {
  let lost = 0;
  let told = 0;
  let problem: string | undefined;
  /** Too much waits. Lines are dropped until all of it is written, not one by one as there is room. */
  let isFull = false;

  function lose(why: string): void {
    lost++;
    problem = why;
  }

  function recover(): void {
    if (problem === undefined || isFull) return;
    problem = undefined;
    const more = lost - told;
    told = lost;
    recovered(more);
  }

  // Each failed write also says so to its callback.
  stream.on("error", () => {});
  stream.on("drain", () => {
    isFull = false;
    recover();
  });

  return {
    write(line) {
      if (isFull) return lose("its reader is too slow");
      try {
        stream.write(line, (error) => {
          if (error == null) recover();
          else lose(error.message);
        });
      } catch (error) {
        lose(error instanceof Error ? error.message : String(error));
      }
      isFull = stream.writableLength > MOST_WAITING;
    },
    health: () => ({ lost, problem }),
  };
}
