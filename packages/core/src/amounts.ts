/**
 * Named amounts: a capacity, or what one instance uses of it. `instances` is the number of instances: every instance uses exactly one. Users
 * choose all other names (`cpu`, `memory`, `licences`) and their units. Each amount is finite and ≥ 0.
 */
export type Amounts = Readonly<Record<string, number>>;

/** The resource of which every instance uses exactly one. */
export const INSTANCES = "instances";

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** The pattern of an amount: a number, or a number with a Kubernetes suffix. For schemas. */
export const amountPattern: RegExp = /^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/**
 * Parses an amount: a number ≥ 0, or text such as `"250m"` (0.25), `"512Mi"` (536870912) or `"2G"`.
 * @returns `undefined` if it is neither.
 */
export function parseAmount(written: unknown): number | undefined {
  if (typeof written === "number")
    return Number.isFinite(written) && written >= 0 ? written : undefined;
  const match = typeof written === "string" ? amountPattern.exec(written) : null;
  if (match === null) return undefined;
  const amount = Number(match[1]) * (SUFFIXES[match[2] ?? ""] ?? Number.NaN);
  return Number.isFinite(amount) ? amount : undefined;
}
