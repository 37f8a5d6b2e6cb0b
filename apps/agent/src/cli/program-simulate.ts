import { Option, type Command } from "commander";
import { MicroscalingError } from "@microscaling/core";
import type { Bind } from "./program.ts";
import type { SimulateOptions } from "./simulate.ts";
import type { TuneOptions } from "./tune.ts";

const LOAD_FLAGS = "-l, --load <file>";
const LOAD_HELP = "the load: a load file, or a .csv file if only one task has a metric";

/** Adds `simulate`. */
export function addSimulate(program: Command, bind: Bind): void {
  program
    .command("simulate")
    .description("replay a load against the config, job by job, and show how long jobs would wait")
    .option("-c, --config <file>", "the config file (default: ./microscaling.yaml, or .json)")
    .requiredOption(LOAD_FLAGS, LOAD_HELP)
    .option("--compare <file...>", "other configs to run with the same arrivals")
    .option("--details", "also print instance-seconds and the elasticity figures")
    .option("--html <file>", "write a report with charts to a file")
    .option("--csv <file>", "write every second of the first run to a file")
    .option("--json <file>", "write the figures to a file; - prints them instead of the tables")
    .addOption(wholeOption("--seed <n>", "the seed of the random numbers", 1))
    .addOption(wholeOption("--seeds <n>", "the number of runs, each with another seed", 1))
    .addHelpText(
      "after",
      `
Loads the plugins of the config and connects to nothing.

Examples:
  microscaling simulate --load yesterday.csv --html report.html
  microscaling simulate --load load.yaml --compare today.yaml tomorrow.yaml --seeds 10`,
    )
    .action(
      bind<SimulateOptions>(async (options, context) =>
        (await import("./simulate.ts")).simulateCommand(options, context),
      ),
    );
}

/** Adds `tune`. */
export function addTune(program: Command, bind: Bind): void {
  program
    .command("tune")
    .description("search for better target settings, for an objective and a load")
    .option("-c, --config <file>", "the config file (default: ./microscaling.yaml, or .json)")
    .requiredOption(LOAD_FLAGS, LOAD_HELP)
    .requiredOption(
      "-o, --objective <text>",
      'a condition, and what is best if it holds, such as "late <= 0.1%, then cheapest"',
    )
    .option("--json", "print JSON instead of tables")
    .addOption(wholeOption("--seed <n>", "the seed of the random numbers", 1))
    .addHelpText(
      "after",
      `
Searches on the first 70 % of the load and reports on the rest. Changes no file: it prints what to paste.

  must hold   late, p95, p99, paid, ready, changes or starts (a minute); <= or <; 0.1%, 500ms, 2s or a number
  then        cheapest (least paid), calmest (fewest changes) or fastest (shortest p95)

Ends with 1 when nothing that was tried meets the objective.

Example:
  microscaling tune --load load.yaml --objective "late <= 0.1%, then cheapest"`,
    )
    .action(
      bind<TuneOptions>(async (options, context) =>
        (await import("./tune.ts")).tuneCommand(options, context),
      ),
    );
}

function wholeOption(flags: string, about: string, least: number): Option {
  return new Option(flags, about).default(least).argParser((text) => {
    if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
    throw new MicroscalingError(
      "ERR_USAGE",
      `expected ${flags} to be a whole number from 1 to 999999, found ${JSON.stringify(text)}`,
    );
  });
}
