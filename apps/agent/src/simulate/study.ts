import { basename } from "node:path";
import { figuresOf, type Report, type ReportConfig } from "@microscaling/simulator";
import { assumptions } from "./assumed.ts";
import type { Candidate } from "./candidate.ts";
import type { Load } from "./load.ts";
import {
  capacityOf,
  drawLoad,
  lengthOf,
  runScenario,
  type Drawn,
  type ScenarioRun,
} from "./scenario.ts";

/** What to find out. */
export interface StudyRequest {
  readonly candidates: readonly Candidate[];
  readonly load: Load;
  /** One run for each, at least one. */
  readonly seeds: readonly number[];
}

/** Runs a load under every config, with the same jobs for the same seed, and makes a report. */
export function makeStudy({ candidates, load, seeds }: StudyRequest): Report {
  const draws = seeds.map((seed) => ({ seed, drawn: drawLoad(load, seed) }));
  const first = draws[0]!;
  const names = shortNames(candidates.map(({ name }) => name));
  return {
    load: basename(load.name),
    seconds: lengthOf(load, first.drawn),
    seeds,
    assumed: assumptions(candidates, load),
    configs: candidates.map((candidate, i) => {
      const runs = draws.map(({ seed, drawn }) =>
        runScenario({ candidate, load, drawn, seed, timeline: drawn === first.drawn }),
      );
      return { ...reportConfig(candidate, load, first.drawn, runs), name: names[i]! };
    }),
  };
}

/** Without their folders, where that tells them apart. */
function shortNames(names: readonly string[]): string[] {
  const short = names.map((name) => basename(name));
  return new Set(short).size === names.length ? short : [...names];
}

function reportConfig(
  candidate: Candidate,
  load: Load,
  drawn: Drawn,
  runs: readonly ScenarioRun[],
): Omit<ReportConfig, "name"> {
  const { outcome, expectedWaits } = runs[0]!;
  return {
    capacity: capacityOf(candidate, load),
    tasks: candidate.spec.tasks.map(({ name, uses }, i) => {
      const jobs = drawn.get(name);
      const expectedWait = expectedWaits[i]!;
      return {
        name,
        withinSeconds: outcome.tasks[i]!.withinSeconds,
        uses,
        figures: figuresOf(runs.map((run) => run.outcome.tasks[i]!)),
        timeline: outcome.tasks[i]!.timeline!,
        ...(jobs === undefined ? {} : { jobs }),
        ...(expectedWait.every(Number.isNaN) ? {} : { expectedWait }),
      };
    }),
  };
}
