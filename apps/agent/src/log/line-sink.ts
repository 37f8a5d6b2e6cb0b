import type { Writable } from "node:stream";

/** The state of the log. */
export interface LogHealth {
  /** The number of lines lost since the start. */
  readonly lost: number;
  /** Why the newest line was lost, if it was. */
  readonly problem: string | undefined;
}

/** Writes lines. A line that cannot be written is lost and counted. The sink never throws, never waits, and never ends the agent. */
export interface LineSink {
  write(line: string): void;
  health(): LogHealth;
}

/** How many bytes may wait to be written before lines are dropped. */
const MOST_WAITING = 8 * 1024 * 1024;

/**
 * Creates a sink for a standard stream.
 * @param recovered called when lines can be written again, with the number of lines lost meanwhile
 */
export function createLineSink(
  stream: Pick<Writable, "write" | "on" | "writableLength">,
  recovered: (lost: number) => void,
): LineSink {
  let lost = 0;
  let told = 0;
  let problem: string | undefined;
  /** Whether too much waits. Then all lines are dropped until everything is written. */
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

  // The callback of each failed write also receives the error.
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
