import { parseDuration } from "@microscaling/core";

/**
 * The figures that a search compares: a fraction (`late`), seconds (`p95`, `p99`), instance-seconds divided by work (`paid`, `ready`), and numbers
 * per minute (`changes`, `starts`).
 */
export type Scores = Readonly<
  Record<"late" | "p95" | "p99" | "paid" | "ready" | "changes" | "starts", number>
>;

/** A condition, and which setting is best among those that meet it. */
export interface Objective {
  readonly figure: keyof Scores;
  /** The limit, in the unit of {@link Scores}. */
  readonly bound: number;
  /** Whether the limit itself meets the condition: `<=` instead of `<`. */
  readonly orEqual: boolean;
  /** The figure whose lowest value is best. */
  readonly best: keyof Scores;
}

const PHRASE = /^\s*(\w+)\s*(<=|≤|<)\s*([\d.]+\s*\S*?)\s*,\s*then\s+(\w+)\s*$/;

const BEST: Readonly<Record<string, keyof Scores>> = {
  cheapest: "paid",
  calmest: "changes",
  fastest: "p95",
};

/**
 * Reads an objective such as `late <= 0.1%, then cheapest`.
 * @throws SyntaxError that says what was expected and what was found
 */
export function parseObjective(text: string): Objective {
  const [, figure = "", sign = "", bound = "", word = ""] = PHRASE.exec(text) ?? [];
  if (figure === "") throw expected('an objective such as "late <= 0.1%, then cheapest"', text);
  if (!isFigure(figure)) throw expected(Object.keys(READERS).join(", "), figure);
  const best = Object.hasOwn(BEST, word) ? BEST[word] : undefined;
  if (best === undefined) throw expected(Object.keys(BEST).join(", "), word);
  return {
    figure,
    bound: READERS[figure](bound.replaceAll(/\s/g, "")),
    orEqual: sign !== "<",
    best,
  };
}

const READERS: Readonly<Record<keyof Scores, (written: string) => number>> = {
  late: readPart,
  p95: readSeconds,
  p99: readSeconds,
  paid: readNumber,
  ready: readNumber,
  changes: readNumber,
  starts: readNumber,
};

function isFigure(word: string): word is keyof Scores {
  return Object.hasOwn(READERS, word);
}

function readPart(written: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(written);
  if (match === null) throw expected("late to be a percentage such as 0.1%", written);
  return Number(match[1]) / 100;
}

function readSeconds(written: string): number {
  const ms = parseDuration(written);
  if (ms === undefined) throw expected("a wait such as 500ms or 2s", written);
  return ms / 1000;
}

function readNumber(written: string): number {
  if (/^\d+(?:\.\d+)?$/.test(written)) return Number(written);
  throw expected("a plain number", written);
}

function expected(what: string, found: string): SyntaxError {
  return new SyntaxError(`expected ${what}, found ${JSON.stringify(found)}`);
}

/** Whether the condition holds. */
export function meets({ figure, bound, orEqual }: Objective, scores: Scores): boolean {
  return orEqual ? scores[figure] <= bound : scores[figure] < bound;
}

/** Returns less than 0 if `a` is better: by the condition, then by the best figure, then by cost. Unknown figures come last. */
export function compareScores(objective: Objective, a: Scores, b: Scores): number {
  const { figure, best } = objective;
  const good = meets(objective, a);
  if (good !== meets(objective, b)) return good ? -1 : 1;
  const first = good ? best : figure;
  for (const key of [first, "paid", figure, best] as const) {
    const difference = order(a[key], b[key]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Math.sign(a - b);
}
