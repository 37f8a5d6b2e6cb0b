/** One line of the table. */
export interface Row {
  readonly name: string;
  /** What was measured, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** The same of the baseline, measured in the same run. */
  readonly baseline: number;
  /** `value / baseline`. */
  readonly ratio: number;
  /** What must hold, in words: `value ≤ 5` or `ratio ≤ 1.2`; `reported` where nothing must. */
  readonly bar: string;
  /** Whether it holds. */
  readonly ok: boolean;
}

/** What must hold of a row: of the value itself, or of its ratio to the baseline. */
export type Bar = { readonly value: number } | { readonly ratio: number } | "reported";

/** Makes a row of what was measured. */
export function row(name: string, unit: string, value: number, baseline: number, bar: Bar): Row {
  const ratio = value / baseline;
  const measured = { name, value: rounded(value), unit, baseline: rounded(baseline) };
  const rest = { ratio: rounded(ratio) };
  if (bar === "reported") return { ...measured, ...rest, bar, ok: true };
  if ("value" in bar)
    return { ...measured, ...rest, bar: `value ≤ ${bar.value}`, ok: value <= bar.value };
  return { ...measured, ...rest, bar: `ratio ≤ ${bar.ratio}`, ok: ratio <= bar.ratio };
}

/** The middle one. */
export function median(numbers: readonly number[]): number {
  return percentile(numbers, 0.5);
}

/** Their sum over their number. */
export function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The number that a share of `part` (0 to 1) of them does not exceed. */
export function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Three digits that mean something. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
