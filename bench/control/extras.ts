// What stands beside the suite: other loads, other plants, other signals, and scenarios that nobody chose.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { SETTINGS, type Case, type Setting } from "./case.ts";
import { caseOf, plantOf, seedsOf, suiteCases, varied } from "./suite.ts";
import { drawnFrom, squeezed, TRACES, type Load } from "./workloads.ts";

/** Batches that come at once, and the trace of jobs as it is, with a start-up that is short and one that is longer than its bursts. */
export function extraCases(seeds: number, controllers: readonly string[]): Case[] {
  const batches = SETTINGS.flatMap((setting) =>
    seedsOf(seeds).map((seed) =>
      caseOf(setting, {
        part: "extra",
        workload: "on/off",
        seed,
        controllers,
        load: { use: "generator", name: "on/off", c: 20 * setting.mu },
      }),
    ),
  );
  return [...batches, ...jobCases(join(TRACES, "azure-code.csv"), "extra", controllers)];
}

/** Jobs wait no longer than 15 s; instances start in 5 s or in 30 s. There is nothing to draw, so one seed says it all. */
function jobCases(file: string, part: Case["part"], controllers: readonly string[]): Case[] {
  return [5, 30].map((startupSeconds) =>
    varied(
      caseOf(
        // What a job takes comes from the trace.
        { mu: 1, startupSeconds, withinSeconds: 15 },
        { part, workload: nameOfFile(file), seed: 1, controllers, load: { use: "jobs", file } },
      ),
      { plant: `(trace, ${startupSeconds}, 15)` },
    ),
  );
}

/**
 * Every CSV file of a folder: traces of counts on the plants of the suite, traces of jobs as they are.
 * @throws Error when there is none
 */
export function traceCases(folder: string, seeds: number, controllers: readonly string[]): Case[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".csv"));
  if (files.length === 0)
    throw new Error(
      `--traces: expected CSV files in ${folder}, found none. Name a folder of files with the header offset_s,count or offset_s,context_tokens,generated_tokens.`,
    );
  return files.toSorted().flatMap((name) => {
    const file = join(folder, name);
    if (!readFileSync(file, "utf8").startsWith("offset_s,count"))
      return jobCases(file, "extra", controllers);
    const squeeze = squeezed(file);
    return SETTINGS.flatMap((setting) =>
      seedsOf(seeds).map((seed) => {
        const load: Load = { use: "counts", file, squeeze, c: 20 * setting.mu };
        return caseOf(setting, {
          part: "suite",
          workload: nameOfFile(file),
          seed,
          controllers,
          load,
        });
      }),
    );
  });
}

function nameOfFile(file: string): string {
  return basename(file, ".csv");
}

/** What is varied in the robustness sweep, on every load of every plant. */
const VARIATIONS: Readonly<Record<string, (one: Case) => Partial<Case>>> = {
  "as it is": () => ({}),
  "μ given, 30 % low": ({ service }) => ({ hint: service.meanSeconds / 0.7 }),
  "μ given, 30 % high": ({ service }) => ({ hint: service.meanSeconds / 1.3 }),
  "start-up × 0.5": ({ instances }) => ({ instances: plantOf(instances.startupSeconds / 2) }),
  "start-up × 2": ({ instances }) => ({ instances: plantOf(instances.startupSeconds * 2) }),
  "start-up ± 50 %": ({ instances }) => ({ instances: { ...instances, startupJitter: 0.5 } }),
  "service CV 0": ({ service }) => ({ service: { ...service, shape: "deterministic" } }),
  "service CV 3": ({ service }) => ({ service: { ...service, shape: "lognormal", cv: 3 } }),
  "readings 1 s old": ({ signal }) => ({ signal: { ...signal, delaySeconds: 1 } }),
  "readings 5 s old": ({ signal }) => ({ signal: { ...signal, delaySeconds: 5 } }),
  "readings 10 % lost": ({ signal }) => ({ signal: { ...signal, loss: 0.1 } }),
  "starts 20 % fail": ({ instances }) => ({ instances: { ...instances, startFails: 0.2 } }),
  "at most 30 instances": () => ({ max: 30 }),
};

/** The robustness sweep: the target and, beside it, the original's controller. The workload's name is the variation's. */
export function sweepCases(seeds: number): Case[] {
  const cases = suiteCases(seeds, ["latency", "queue"]);
  return Object.entries(VARIATIONS).flatMap(([workload, change]) =>
    cases.map((one) => varied(one, { ...change(one), part: "sweep", workload })),
  );
}

/** Independent random scenarios: shape, level, service time, allowed wait and start-up time are all drawn. Start-up is at most 0.6 of the wait. */
export function certificateCases(count: number): Case[] {
  return seedsOf(count).map((seed) => {
    const draw = drawnFrom(seed + 1_000_000);
    const mu = 0.2 * 10 ** draw(0, 1);
    const withinSeconds = draw(1, 6) / mu + 5;
    const setting: Setting = { mu, withinSeconds, startupSeconds: draw(0.05, 0.6) * withinSeconds };
    const load: Load = { use: "random", c: 20 * mu };
    return varied(
      caseOf(setting, {
        part: "certificate",
        workload: "random",
        seed,
        controllers: ["latency"],
        load,
      }),
      { plant: "random" },
    );
  });
}
