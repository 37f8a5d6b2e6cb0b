import type { Decision } from "@microscaling/core";
import { decideTurn, openDeciding, type Deciding } from "@microscaling/engine";
import type { RecordedTurn } from "./record.ts";

/** A turn of a record, decided again. */
export interface ReplayedTurn {
  readonly recorded: RecordedTurn;
  /** The decisions of the engine's `decide` now. */
  readonly decisions: readonly Decision[];
}

/** Decides every turn of a record again. With the same engine, the decisions are the same. */
export async function* replayRecord(
  turns: AsyncIterable<RecordedTurn>,
): AsyncGenerator<ReplayedTurn> {
  let deciding: Deciding | undefined;
  for await (const recorded of turns) {
    const { spec, opens, observed, measured, at, wall } = recorded;
    if (opens === "start" || deciding === undefined) deciding = openDeciding(spec);
    else if (opens === "reload") deciding = openDeciding(spec, deciding);
    yield { recorded, decisions: decideTurn(deciding, observed, measured, at, wall) };
  }
}
