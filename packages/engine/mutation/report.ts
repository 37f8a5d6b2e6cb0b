/** One small change of the source, and what the tests made of it. */
export interface Mutant {
  /** Below `src`. */
  readonly file: string;
  /** The line at which it begins, from 1. */
  readonly line: number;
  /** That line, without its indent. */
  readonly code: string;
  /** What was there, and what took its place. */
  readonly was: string;
  readonly becomes: string;
  /** As Stryker says it. */
  readonly status: string;
}

/** A mutant that may live, by its text rather than its line, so that it is known again when it has moved. */
export interface Accepted extends Pick<Mutant, "file" | "code" | "was" | "becomes"> {
  readonly reason: string;
}

/** How many mutants there were, and how many of them some test noticed. */
export interface Score {
  readonly all: number;
  readonly killed: number;
}

const KILLED = new Set(["Killed", "Timeout"]);
const LIVES = new Set(["Survived", "NoCoverage"]);

/** Counts the mutants of each file. What could not be run, or is not to be mutated, does not count. */
export function scoresOf(mutants: readonly Mutant[]): ReadonlyMap<string, Score> {
  const scores = new Map<string, Score>();
  for (const { file, status } of mutants) {
    const { all, killed } = scores.get(file) ?? { all: 0, killed: 0 };
    if (KILLED.has(status)) scores.set(file, { all: all + 1, killed: killed + 1 });
    else if (LIVES.has(status)) scores.set(file, { all: all + 1, killed });
  }
  return scores;
}

/** Those that no test noticed and that nobody has accepted, and what is accepted of these files for nothing. */
export function compare(
  mutants: readonly Mutant[],
  accepted: readonly Accepted[],
): { readonly unknown: readonly Mutant[]; readonly gone: readonly Accepted[] } {
  const alive = mutants.filter(({ status }) => LIVES.has(status));
  const keys = new Set(alive.map(keyOf));
  const known = new Set(accepted.map(keyOf));
  const files = new Set(mutants.map(({ file }) => file));
  return {
    unknown: alive.filter((mutant) => !known.has(keyOf(mutant))),
    gone: accepted.filter((entry) => files.has(entry.file) && !keys.has(keyOf(entry))),
  };
}

function keyOf({ file, code, was, becomes }: Omit<Accepted, "reason">): string {
  return JSON.stringify([file, code, was, becomes]);
}

/** One line for each file, and one for all. */
export function tableOf(scores: ReadonlyMap<string, Score>): string {
  const rows = [...scores].toSorted(([a], [b]) => a.localeCompare(b));
  return [...rows, ["all", totalOf(scores)] as const]
    .map(
      ([name, score]) => `${percent(score).padStart(6)} %  ${score.killed}/${score.all}  ${name}`,
    )
    .join("\n");
}

/** All files together. */
export function totalOf(scores: ReadonlyMap<string, Score>): Score {
  const each = [...scores.values()];
  return {
    all: each.reduce((sum, { all }) => sum + all, 0),
    killed: each.reduce((sum, { killed }) => sum + killed, 0),
  };
}

function percent({ all, killed }: Score): string {
  return all === 0 ? "-" : ((100 * killed) / all).toFixed(1);
}
