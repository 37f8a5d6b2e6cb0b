import { silentLogger, systemClock } from "@microscaling/core";
import { loadConfig } from "../config/index.ts";
import { countTasks } from "../log/words.ts";
import { enterFolder, fileOf, print, type CommandContext, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";

/** Checks the config and its plugins. Changes nothing. */
export async function validateCommand(
  options: ConfigOption,
  { redactor }: CommandContext,
): Promise<number> {
  const config = await loadConfig({
    ...fileOf(options.config),
    env: process.env,
    cwd: enterFolder(options.config),
    context: { clock: systemClock, logger: silentLogger },
  });
  redactor.add(config.secrets);
  const { spec, origin, warnings } = config;
  await config.close();
  for (const warning of warnings) process.stderr.write(`warning ${redactor.text(warning)}\n`);
  const metrics = [...new Set([...spec.sources.values()].map((source) => source.name))];
  const plugins = [`scheduler ${spec.scheduler.name}`, ...metrics.map((name) => `metric ${name}`)];
  print(
    redactor.text(`${origin} is valid: ${countTasks(spec.tasks.length)}, ${plugins.join(", ")}`),
  );
  return EXIT.ok;
}
