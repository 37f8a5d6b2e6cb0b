import { reportCsv, reportHtml, reportJson } from "@microscaling/simulator";
import { hintsOf, loadCandidate, type Candidate } from "../simulate/candidate.ts";
import { readLoad, type Load } from "../simulate/load.ts";
import { makeStudy } from "../simulate/study.ts";
import { reportText } from "../simulate/tables.ts";
import { print, type CommandContext, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { writeOwnFile } from "./write-file.ts";

/** The options of `simulate`. */
export interface SimulateOptions extends ConfigOption {
  readonly load: string;
  readonly compare?: readonly string[];
  readonly seed: number;
  readonly seeds: number;
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly details?: boolean;
}

/** How the reports begin. */
const JSON_REPORT = /^\{\s*"load": /;
const CSV_REPORT = /^config,task,second,/;
const HTML_REPORT = /<meta name="generator" content="microscaling simulate">/;

/** Runs a load against one or several configs. Changes nothing except the requested output files. */
export async function simulateCommand(
  options: SimulateOptions,
  context: CommandContext,
): Promise<number> {
  const { candidates, load } = await loadAll(configsOf(options), options.load, context);
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i);
  const report = makeStudy({ candidates, load, seeds });
  if (options.json === "-") print(reportJson(report));
  else print(context.redactor.text(reportText(report, options.details === true)));
  const files = [
    [options.json === "-" ? undefined : options.json, reportJson, JSON_REPORT],
    [options.csv, reportCsv, CSV_REPORT],
    [options.html, reportHtml, HTML_REPORT],
  ] as const;
  for (const [file, make, own] of files)
    if (file !== undefined) await writeOwnFile(file, make(report), own);
  return EXIT.ok;
}

/** The configs of `--config a --compare b` or `--compare a b`. A missing config is `microscaling.yaml`. */
function configsOf({ config, compare = [] }: SimulateOptions): (string | undefined)[] {
  return config !== undefined || compare.length < 2 ? [config, ...compare] : [...compare];
}

/** Loads the configs, then the load. The configs provide values that the load does not have. */
export async function loadAll(
  files: readonly (string | undefined)[],
  file: string,
  { redactor }: CommandContext,
): Promise<{ readonly candidates: readonly Candidate[]; readonly load: Load }> {
  const cwd = process.cwd();
  const candidates: Candidate[] = [];
  for (const config of files) candidates.push(await loadCandidate(config, cwd));
  for (const { secrets } of candidates) redactor.add(secrets);
  const load = await readLoad({ file, cwd, tasks: hintsOf(candidates) });
  for (const warning of [...candidates, load].flatMap(({ warnings }) => warnings))
    process.stderr.write(`warning ${redactor.text(warning)}\n`);
  return { candidates, load };
}
