/** What the ends of a quantity stand for. */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/** Reads a quantity as Kubernetes writes it: `4`, `3920m`, `3915856Ki`, `1e3`. `undefined` when it is none, or below 0. */
export function readQuantity(written: unknown): number | undefined {
  if (typeof written === "number") return written >= 0 ? written : undefined;
  const match = typeof written === "string" ? QUANTITY.exec(written) : null;
  if (match === null) return undefined;
  const [, digits, exponent = "", suffix = ""] = match;
  return Number(`${digits}${exponent}`) * (SUFFIXES[suffix] ?? 1);
}
