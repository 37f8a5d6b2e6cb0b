import { asMicroscalingError, type Amounts, MicroscalingError } from "@microscaling/core";
import { NOTHING_MEASURED, type Measured } from "../decide/decider.ts";
import type { Answer, Command } from "../events.ts";
import type { Moment } from "../moment.ts";
import type { EngineSpec } from "../spec.ts";
import { changed, type AgentState } from "../state.ts";
import { describe } from "./check.ts";
import { begin, end, isDue, isStuck, newPace, skip, type Pace } from "./pace.ts";

/** The capacity that the scheduler reported, for the amounts that the config leaves to the scheduler. */
export interface CapacityState {
  readonly pace: Pace;
  /** The last report; the same object until something changes. It stays valid while the scheduler cannot be asked. */
  measured: Measured;
  /** Why the newest attempt failed, if it did. */
  problem: string | undefined;
}

/** How often the scheduler is asked for its capacity, in milliseconds. Until the first answer, as often as for counts. */
const MEASURE_MS = 30_000;

/** Starts with a new spec. Amounts that the scheduler has already reported stay valid. */
export function newCapacity(
  { measured: names = [] }: Pick<EngineSpec, "measured">,
  before: CapacityState | undefined,
  now: Moment,
): CapacityState {
  return {
    pace: before?.pace ?? newPace(now),
    measured: takeOver(names, before?.measured),
    problem: undefined,
  };
}

function takeOver(names: readonly string[], before: Measured | undefined): Measured {
  if (names.length === 0) return NOTHING_MEASURED;
  const said = before !== undefined && "amounts" in before ? before.amounts : {};
  if (names.every((resource) => Object.hasOwn(said, resource)))
    return { amounts: Object.fromEntries(names.map((resource) => [resource, said[resource]!])) };
  return { unknown: "the scheduler has not reported its capacity yet" };
}

/** Asks for the capacity if that is due. */
export function measureDue(state: AgentState, now: Moment, commands: Command[]): void {
  if (isDue(state.capacity.pace, now)) measure(state, now, commands);
}

/** Asks for the capacity if the config leaves any amount to the scheduler. */
export function measure(state: AgentState, now: Moment, commands: Command[]): void {
  const { spec, capacity } = state;
  const isKnown = "amounts" in capacity.measured;
  const everyMs = isKnown ? MEASURE_MS : spec.scheduler.intervalMs;
  if ((spec.measured ?? []).length === 0 || isStuck(capacity.pace))
    return skip(capacity.pace, MEASURE_MS, now);
  const id = state.nextId++;
  begin(capacity.pace, id, everyMs, now);
  commands.push({ type: "measure", id });
}

/** The scheduler has answered, or has failed to answer, how much capacity there is. */
export function noteMeasured(
  state: AgentState,
  { id, answer }: { readonly id: number; readonly answer: Answer },
  now: Moment,
  commands: Command[],
): void {
  const { capacity, spec } = state;
  if (end(capacity.pace, id, answer.kind === "abandoned", now) === undefined) return;
  const { name } = spec.scheduler;
  try {
    if (answer.kind !== "value") throw answer.error;
    noteAmounts(capacity, name, checkAmounts(name, spec.measured ?? [], answer.value), commands);
  } catch (error) {
    const what = `scheduler ${name}: capacity`;
    noteProblem(capacity, asMicroscalingError(error, "ERR_PLUGIN_FAULT", what), commands);
  }
  if ("unknown" in capacity.measured) capacity.pace.nextAt = now.mono + spec.scheduler.intervalMs;
  else capacity.pace.nextAt = now.mono + MEASURE_MS;
  changed(state, now);
}

function noteAmounts(
  capacity: CapacityState,
  plugin: string,
  amounts: Amounts,
  commands: Command[],
): void {
  const { measured, problem } = capacity;
  const say = (message: string): number => commands.push({ type: "log", level: "info", message });
  if (problem !== undefined) say(`scheduler ${plugin} reports its capacity again`);
  capacity.problem = undefined;
  if ("amounts" in measured && isSame(measured.amounts, amounts)) return;
  if ("amounts" in measured)
    say(`scheduler ${plugin} reports a new capacity: ${amountsText(amounts)}`);
  capacity.measured = { amounts };
}

function noteProblem(
  capacity: CapacityState,
  { code, message }: MicroscalingError,
  commands: Command[],
): void {
  const isNew = message !== capacity.problem;
  capacity.problem = message;
  if ("unknown" in capacity.measured)
    capacity.measured = { unknown: `the capacity is not known: ${message}` };
  const { measured } = capacity;
  const stands =
    "amounts" in measured
      ? `; keeping the last known capacity: ${amountsText(measured.amounts)}`
      : "";
  if (!isNew) return;
  commands.push({
    type: "log",
    level: "warn",
    message: `cannot read the capacity: ${message}${stands}`,
    fields: { code },
  });
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` if any of `names` is not an amount. */
function checkAmounts(plugin: string, names: readonly string[], said: unknown): Amounts {
  const isMap = typeof said === "object" && said !== null;
  const found = new Map<string, unknown>(isMap ? Object.entries(said) : []);
  return Object.fromEntries(
    names.map((resource) => {
      const amount = found.get(resource);
      if (typeof amount === "number" && amount >= 0 && amount < Number.POSITIVE_INFINITY)
        return [resource, amount];
      throw new MicroscalingError(
        "ERR_PLUGIN_RESULT",
        `scheduler ${plugin}: expected an amount of ${resource}, found ${foundText(amount, [...found.keys()])}`,
      );
    }),
  );
}

function foundText(amount: unknown, others: readonly string[]): string {
  if (typeof amount === "number") return String(amount);
  if (amount !== undefined) return describe(amount);
  return others.length === 0 ? "nothing" : `only ${others.join(" and ")}`;
}

function isSame(a: Amounts, b: Amounts): boolean {
  return Object.entries(a).every(([resource, amount]) => b[resource] === amount);
}

function amountsText(amounts: Amounts): string {
  return Object.entries(amounts)
    .map(([resource, amount]) => `${resource} ${amount}`)
    .join(", ");
}
