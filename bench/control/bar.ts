import type { Cell } from "./summary.ts";

/** One line of the verdict. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What must hold, in words; `reported` where nothing must. */
  readonly bar: string;
  /** What we would like, in words; empty where there is no more to wish for. Nobody is judged by it. */
  readonly goal: string;
  readonly ok: boolean;
  /** What to see beside it. */
  readonly beside: string;
}

/** The controller that is judged. */
export const OURS = "latency";

/** The same without a forecast. */
export const REACTIVE = "latency-reactive";

/** Whether it takes part in the verdict as a rival: the oracle knows the future. */
export function isRival(controller: string): boolean {
  return controller !== OURS && controller !== REACTIVE && controller !== "oracle";
}

/** Something that must hold: `value ≤ limit`. */
export function atMost(
  name: string,
  value: number,
  unit: string,
  limit: number,
  more: { readonly goal?: number; readonly beside?: string } = {},
): Bar {
  const goal = more.goal === undefined ? "" : `≤ ${more.goal}`;
  const beside = more.beside ?? "";
  return { name, value, unit, bar: `≤ ${limit}`, goal, ok: value <= limit, beside };
}

/** Something to know. */
export function reported(name: string, value: number, unit: string, beside = ""): Bar {
  return { name, value, unit, bar: "reported", goal: "", ok: true, beside };
}

/** A cell in a few words. */
export function asFigures({ late, paid, changes }: Cell): string {
  return `${late.toPrecision(3)} % @ ${paid.toFixed(3)}, ${changes.toFixed(1)}/min`;
}
