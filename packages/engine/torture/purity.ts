import { isDeepStrictEqual } from "node:util";
import type { Command, EngineEvent } from "../src/events.ts";
import type { Moment } from "../src/moment.ts";
import type { AgentState } from "../src/state.ts";
import { step } from "../src/step.ts";
import { Violation } from "./world.ts";

/** Makes a step on a copy of the state, too: both must come to the same. */
export function stepTwice(state: AgentState, event: EngineEvent, now: Moment): readonly Command[] {
  const copy = copyOf(state);
  const expected = step(copy, event, now);
  const commands = step(state, event, now);
  if (!isDeepStrictEqual(commands, expected))
    throw new Violation("pure", `${event.type}: the same state gave other commands`);
  if (!isDeepStrictEqual(withoutPlugins(state), withoutPlugins(copy)))
    throw new Violation("pure", `${event.type}: the same state came to another state`);
  if (!isDeepStrictEqual(state.deciding.memory, copy.deciding.memory))
    throw new Violation("pure", `${event.type}: the same state came to another memory`);
  return commands;
}

/** What of the state is plain data. */
function withoutPlugins(state: AgentState): object {
  return { ...state, spec: undefined, deciding: undefined };
}

function copyOf(state: AgentState): AgentState {
  const copy = structuredClone(withoutPlugins(state)) as Omit<AgentState, "spec" | "deciding">;
  return {
    ...copy,
    spec: state.spec,
    deciding: { ...state.deciding, memory: structuredClone(state.deciding.memory) },
  };
}
