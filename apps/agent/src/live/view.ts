import type { WriteStream } from "node:tty";
import type { Clock, DecisionRecord, Monitor } from "@microscaling/core";
import type { EngineState } from "@microscaling/engine";
import { createLogUpdate } from "log-update";
import { renderPicture } from "./render.ts";

/** What the view needs besides the records. */
export interface ViewSource {
  readonly state: () => EngineState;
  readonly dryRun: boolean;
}

/** The live view: log lines scroll above a picture that is redrawn in place. */
export interface LiveView {
  readonly monitor: Monitor;
  /** Writes a log line above the picture. */
  print(line: string): void;
  /** Starts drawing. */
  show(source: ViewSource): void;
  /** Keeps the last picture and restores the cursor. Safe to call twice. */
  close(): void;
}

/** The shortest time between two redraws, in milliseconds. Nobody reads faster. */
const PAINT_MS = 100;

/** Creates the live view on a terminal. Only the newest record is kept. Drawing never delays the loop. */
export function createLiveView(stream: WriteStream, clock: Clock): LiveView {
  const update = createLogUpdate(stream);
  const over = new AbortController();
  let newest: DecisionRecord | undefined;
  let source: ViewSource | undefined;
  let painting = false;

  function paint(): void {
    if (newest === undefined || source === undefined || over.signal.aborted) return;
    const problems = new Map<string, string>();
    const { tasks, capacity } = source.state();
    for (const { name, problem } of tasks) if (problem !== undefined) problems.set(name, problem);
    const { dryRun } = source;
    const width = stream.columns;
    update(renderPicture({ record: newest, capacity, problems, dryRun, width }));
  }

  /** Draws at once, and then newer records at most every {@link PAINT_MS}. */
  async function paintSoon(): Promise<void> {
    if (painting) return;
    painting = true;
    for (let painted: unknown; painted !== newest && !over.signal.aborted;) {
      painted = newest;
      paint();
      await clock.sleep(PAINT_MS, over.signal).catch(() => {});
    }
    painting = false;
  }

  return {
    monitor: {
      report(record) {
        newest = record;
        void paintSoon();
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    },
    print: (line) => (over.signal.aborted ? stream.write(line) : update.persist(line.trimEnd())),
    show(shown) {
      source = shown;
    },
    close() {
      if (over.signal.aborted) return;
      paint();
      over.abort();
      update.done();
    },
  };
}
