import {
  asMicroscalingError,
  type Amounts,
  type Clock,
  type Logger,
  MicroscalingError,
} from "@microscaling/core";
import { NOTHING_MEASURED, type Measured } from "../decide/decider.ts";
import type { EngineSpec } from "../spec.ts";
import { withDeadline } from "./deadline.ts";

/** How often the scheduler is asked what there is, in milliseconds. Until it has said so, as often as for counts. */
const MEASURE_MS = 30_000;

/** Asks the scheduler what there is to share, where the config leaves that to it. */
export interface Measurer {
  /** What it said last; the same object until something changes. */
  measured(): Measured;
  /** Why the newest attempt failed, if it did. */
  problem(): string | undefined;
  /** Asks once. What was said before stands when that fails. */
  observe(): Promise<void>;
  /** Asks again and again, until the signal aborts. */
  run(): Promise<void>;
}

/** What measuring needs. */
export interface MeasureContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Tells the loop that something it has not decided on has changed. */
  readonly changed: () => void;
}

/** A measurer for `spec`; what `old` was told of the same scheduler stands until it is asked again. */
export function createMeasurer(
  { measured: names = [], scheduler: spec }: Pick<EngineSpec, "measured" | "scheduler">,
  { clock, logger, signal, changed }: MeasureContext,
  old?: Measurer,
): Measurer {
  const { name, scheduler, intervalMs, timeoutMs } = spec;
  const what = `scheduler ${name}: say what there is`;
  let measured: Measured = takeOver(names, old?.measured());
  let problem: string | undefined;

  async function ask(): Promise<Amounts> {
    if (scheduler.capacity === undefined)
      throw new MicroscalingError(
        "ERR_PLUGIN_RESULT",
        `plugin ${name}: expected capacity, as its capabilities say, found none`,
      );
    const said: unknown = await withDeadline({ clock, timeoutMs, signal, what }, async (inner) =>
      scheduler.capacity?.(inner),
    );
    return checkAmounts(name, names, said);
  }

  async function observe(): Promise<void> {
    if (names.length === 0) return;
    try {
      const amounts = await ask();
      if (problem !== undefined) logger.info(`scheduler ${name} says again what there is`);
      problem = undefined;
      if ("amounts" in measured && isSame(measured.amounts, amounts)) return;
      if ("amounts" in measured)
        logger.info(`the capacity is now ${amountsText(amounts)}, says ${name}`);
      measured = { amounts };
    } catch (error) {
      if (signal.aborted) return;
      note(asMicroscalingError(error, "ERR_PLUGIN_FAULT", what));
    }
    changed();
  }

  function note({ code, message }: MicroscalingError): void {
    const isNew = message !== problem;
    problem = message;
    if ("unknown" in measured) measured = { unknown: `the capacity is not known: ${message}` };
    const stands =
      "amounts" in measured ? `; it stays as it was: ${amountsText(measured.amounts)}` : "";
    if (isNew) logger.warn(`the capacity is not known: ${message}${stands}`, { code });
  }

  return {
    measured: () => measured,
    problem: () => problem,
    observe,
    async run() {
      if (names.length === 0) return;
      while (!signal.aborted) {
        await observe();
        await clock.sleep("amounts" in measured ? MEASURE_MS : intervalMs, signal);
      }
    },
  };
}

function takeOver(names: readonly string[], old: Measured | undefined): Measured {
  if (names.length === 0) return NOTHING_MEASURED;
  const said = old !== undefined && "amounts" in old ? old.amounts : {};
  if (names.every((resource) => Object.hasOwn(said, resource)))
    return { amounts: Object.fromEntries(names.map((resource) => [resource, said[resource]!])) };
  return { unknown: "the scheduler has not said yet what there is" };
}

/** @throws MicroscalingError `ERR_PLUGIN_RESULT` unless all of `names` are amounts. */
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
        `scheduler ${plugin}: expected an amount of ${resource}, found ${describe(amount, [...found.keys()])}`,
      );
    }),
  );
}

function describe(amount: unknown, others: readonly string[]): string {
  if (typeof amount === "number") return String(amount);
  if (amount !== undefined) return JSON.stringify(amount);
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
