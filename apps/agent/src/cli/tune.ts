import { MicroscalingError } from "@microscaling/core";
import { parseObjective, type Objective } from "@microscaling/simulator";
import { tune } from "../simulate/tuning.ts";
import { tuningText } from "../simulate/tuning-text.ts";
import { print, type CommandContext, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { loadAll } from "./simulate.ts";

/** The options of `tune`. */
export interface TuneOptions extends ConfigOption {
  readonly load: string;
  readonly objective: string;
  readonly json?: boolean;
  readonly seed: number;
}

/** Searches the numbers of a config for an objective, and changes no file. */
export async function tuneCommand(options: TuneOptions, context: CommandContext): Promise<number> {
  const objective = readObjective(options.objective);
  const { candidates, load } = await loadAll([options.config], options.load, context);
  const { stderr } = process;
  const ran = (runs: number): void => void (stderr.isTTY && stderr.write(`\r${runs} runs `));
  const tuning = tune({ candidate: candidates[0]!, load, objective, seed: options.seed, ran });
  if (stderr.isTTY) stderr.write("\r\u001B[K");
  const text =
    options.json === true
      ? JSON.stringify({ ...tuning, obstacles: Object.fromEntries(tuning.obstacles) }, null, 2)
      : tuningText(tuning, objective, options.objective);
  print(context.redactor.text(text));
  return tuning.meets ? EXIT.ok : EXIT.failed;
}

function readObjective(text: string): Objective {
  try {
    return parseObjective(text);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new MicroscalingError("ERR_USAGE", `--objective: ${words}`, { cause });
  }
}
