// Lives through many simulated worlds, and says which invariant did not hold in which. Exit code 1 when one did not.
import { parseArgs } from "node:util";
import { runSeeds, type BatchDone } from "./batches.ts";
import { clearProgress, loadProgress, progressFile, saveProgress } from "./progress.ts";
import { shrink, traceOf } from "./shrink.ts";
import { simulate, type Outcome } from "./simulate.ts";

const { values: options } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "10000" },
    minutes: { type: "string", default: "30" },
  },
});
const minutes = numberFrom("minutes", options.minutes, 0.1);
/** After so many failures there is enough to look at. */
const ENOUGH = 10;

if (options.seed === undefined) await runAll(numberFrom("seeds", options.seeds, 1));
else replay(numberFrom("seed", options.seed, 0));

function numberFrom(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isFinite(number) && number >= least) return number;
  throw new Error(`--${name}: expected a number from ${least}, found ${text}.`);
}

async function runAll(seeds: number): Promise<void> {
  const startedAt = performance.now();
  const file = progressFile(seeds, minutes);
  const before = loadProgress(file);
  const seconds = (): number => before.seconds + (performance.now() - startedAt) / 1000;
  if (before.next > 0) say(`goes on from seed ${before.next}, as ${file} says`);
  const failed = [...before.failed];
  let { next, events } = before;
  const ahead = new Map<number, BatchDone>();
  await runSeeds({ from: next, to: seeds, minutes }, (batch) => {
    ahead.set(batch.from, batch);
    // Only what has no gap before it is written down.
    for (let one = ahead.get(next); one !== undefined; one = ahead.get(next)) {
      ahead.delete(next);
      failed.push(...one.failed);
      events += one.events;
      next = one.to;
      if (next % 1000 === 0)
        say(`${next} of ${seeds} seeds, ${failed.length} violations, ${seconds().toFixed(0)} s`);
    }
    saveProgress(file, { next, failed, events, seconds: seconds() });
    return failed.length >= ENOUGH;
  });
  clearProgress(file);
  for (const seed of failed.slice(0, ENOUGH)) explain(seed);
  say(`${next} seeds, ${failed.length} violations, ${seconds().toFixed(0)} s, ${events} events`);
  if (failed.length > 0) process.exitCode = 1;
}

/** Tells of one failure, as small as it can be made. */
function explain(seed: number): void {
  const { cuts, outcome } = shrink(seed, minutes, simulate(seed, minutes));
  say(`\nseed ${seed}: ${describe(outcome)}`);
  say(`  faults: ${[...outcome.plan.faults.keys()].join(", ") || "none"}`);
  say(`  tasks: at most ${outcome.plan.mostTasks}; agents: ${outcome.plan.agents}`);
  for (const line of traceOf(seed, minutes, cuts)) say(line);
  const length = minutes === 30 ? "" : ` --minutes ${minutes}`;
  say(`  again: npm run torture -- --seed ${seed}${length}`);
}

function replay(seed: number): void {
  const outcome = simulate(seed, minutes);
  if (outcome.violation === undefined) {
    say(`seed ${seed}: every invariant held, ${outcome.events} events`);
    return;
  }
  explain(seed);
  process.exitCode = 1;
}

function describe({ violation }: Outcome): string {
  if (violation === undefined) return "every invariant held";
  const { invariant, message, atMs } = violation;
  return `"${invariant}" does not hold after ${(atMs / 1000).toFixed(3)} s: ${message}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
