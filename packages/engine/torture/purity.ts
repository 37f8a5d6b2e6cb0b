import { isDeepStrictEqual } from "node:util";
import { createDecider } from "../src/decide/decider.ts";
import type { Command, EngineEvent } from "../src/events.ts";
import type { Moment } from "../src/moment.ts";
import type { AgentState } from "../src/state.ts";
import { step } from "../src/step.ts";
import { Violation } from "./world.ts";

/** Makes a step on two copies of the state, too: they must come to the same, and the step itself asks for the same. */
export function stepTwice(state: AgentState, event: EngineEvent, now: Moment): readonly Command[] {
  const first = copyOf(state);
  const second = copyOf(state);
  const commands = step(first, event, now);
  if (!isDeepStrictEqual(step(second, event, now), commands))
    throw new Violation("pure", `${event.type}: the same state gave other commands`);
  if (!isDeepStrictEqual(withoutPlugins(first), withoutPlugins(second)))
    throw new Violation("pure", `${event.type}: the same state came to another state`);
  if (!isDeepStrictEqual(first.decider.memory(), second.decider.memory()))
    throw new Violation("pure", `${event.type}: the same state came to another memory`);
  return step(state, event, now);
}

/** What of the state is plain data. */
function withoutPlugins({ spec: _, decider: __, ...rest }: AgentState): object {
  return rest;
}

function copyOf(state: AgentState): AgentState {
  const copy = structuredClone(withoutPlugins(state)) as Omit<AgentState, "spec" | "decider">;
  return { ...copy, spec: state.spec, decider: createDecider(state.decider.spec, state.decider) };
}
