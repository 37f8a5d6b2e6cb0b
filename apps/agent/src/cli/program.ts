import { Command, CommanderError, Option } from "commander";
import { MicroscalingError } from "@microscaling/core";
import { createRedactor } from "../log/redact.ts";
import { print, readVersion, type CommandContext, type ConfigOption } from "./context.ts";
import type { DoctorOptions } from "./doctor.ts";
import { EXIT, EXIT_HELP, exitCodeOf } from "./exit-codes.ts";
import { formatError } from "./format-error.ts";
import type { InitOptions } from "./init.ts";
import { KNOWN_PLUGINS } from "../plugins/known.ts";
import { parseCapacity } from "./parse-capacity.ts";
import type { PlanOptions } from "./plan.ts";
import type { PluginsOptions } from "./plugins.ts";
import { addSimulate, addTune } from "./program-simulate.ts";
import type { RunOptions } from "./run.ts";
import type { SchemaOptions } from "./schema.ts";

/** A command's work: takes its options, returns the exit code. */
type Action<Options> = (options: Options, context: CommandContext) => Promise<number>;

/**
 * Runs one command line, prints its errors, and never throws. Each command is loaded only when it is used.
 * @param words without the program's own name.
 * @returns the exit code.
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const context: CommandContext = { redactor: createRedactor() };
  let code: number = EXIT.ok;
  const program = createProgram((action) => async (options) => {
    code = await action(options, context);
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    // Commander throws to end the program after `--help` as well.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const ours = error instanceof CommanderError ? usageError(error) : error;
    const text = formatError(ours, words.includes("--debug"));
    process.stderr.write(context.redactor.text(text));
    return exitCodeOf(ours);
  }
}

function usageError(error: CommanderError): MicroscalingError {
  if (error.code === "commander.help")
    return new MicroscalingError("ERR_USAGE", "no command given");
  const [message = "", ...details] = error.message.replace(/^error: /, "").split("\n");
  return new MicroscalingError("ERR_USAGE", message, { details });
}

/** Makes commander's action out of ours. */
export type Bind = <Options>(action: Action<Options>) => (options: Options) => Promise<void>;

function createProgram(bind: Bind): Command {
  const program = new Command("microscaling")
    .description(
      "Shares a fixed capacity between queue workers by priority, in well under a second.",
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // printed once, by runCommandLine
    .version(readVersion(), "-V, --version", "print the version")
    .helpCommand(false)
    .addHelpText("after", `\n${EXAMPLES}\n\n${EXIT_HELP}`);
  addRun(program, bind);
  addValidate(program, bind);
  addPlan(program, bind);
  addSimulate(program, bind);
  addTune(program, bind);
  addDoctor(program, bind);
  addInit(program, bind);
  addSchema(program, bind);
  addPlugins(program, bind);
  program
    .command("version")
    .description("print the version")
    .action(() => print(readVersion()));
  addHelp(program);
  for (const command of program.commands)
    command.option("--debug", "show where an error comes from");
  return program;
}

function addHelp(program: Command): void {
  program
    .command("help")
    .argument("[command]")
    .description("show the help of a command")
    .action((name?: string) => {
      const command = program.commands.find((one) => one.name() === name);
      if (name !== undefined && command === undefined)
        throw new MicroscalingError("ERR_USAGE", `unknown command '${name}'`, {
          details: [`the commands: ${program.commands.map((one) => one.name()).join(", ")}`],
        });
      (command ?? program).outputHelp();
    });
}

const EXAMPLES = `Examples:
  microscaling init            write a first microscaling.yaml
  microscaling validate        check it
  microscaling doctor          check it against the live world
  microscaling plan            show what would be done, and why
  microscaling simulate        show what would have been done with a load of yours
  microscaling run             do it, until Ctrl-C
  microscaling help run        more about one command`;

const CONFIG_FLAGS = "-c, --config <file>";
const CONFIG_HELP = "the config file (default: ./microscaling.yaml, or .json)";

function addRun(program: Command, bind: Bind): void {
  program
    .command("run")
    .description("scale the tasks of the config until a signal ends it")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--dry-run", "decide and report, but start and stop nothing")
    .option("--once", "read, decide and act once, wait for the outcomes, and end")
    .option("--live", "show a live view on a terminal; lines elsewhere")
    .addOption(
      new Option(
        "--record <file>",
        "append all that is decided, and why, so that it can be replayed",
      ).conflicts("once"),
    )
    .addOption(
      new Option(
        "--log-format <format>",
        "how to log (default: pretty on a terminal, else json)",
      ).choices(["pretty", "json"]),
    )
    .addHelpText(
      "after",
      `
Signals:
  SIGTERM, SIGINT   stop, as \`shutdown:\` in the config says (leave or drain); a second one ends at once
  SIGHUP            read the config again, as a change of the file does; a bad one is refused and the old one goes on

Examples:
  microscaling run --live
  microscaling run --config /etc/microscaling.yaml --log-format json
  microscaling run --once --dry-run`,
    )
    .action(
      bind<RunOptions>(async (options, context) =>
        (await import("./run.ts")).runCommand(options, context),
      ),
    );
}

function addValidate(program: Command, bind: Bind): void {
  program
    .command("validate")
    .description("check the config and its plugins; every mistake is named with its line")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .addHelpText("after", "\nExample:\n  microscaling validate --config staging.yaml")
    .action(
      bind<ConfigOption>(async (options, context) =>
        (await import("./validate.ts")).validateCommand(options, context),
      ),
    );
}

function addPlan(program: Command, bind: Bind): void {
  program
    .command("plan")
    .description("read the real metrics and counts once, and show what would be done and why")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--json", "print JSON instead of a table")
    .addHelpText(
      "after",
      "\nEnds with 1 when something could not be read.\n\nExample:\n  microscaling plan --json | jq '.tasks[] | {task, change, why}'",
    )
    .action(
      bind<PlanOptions>(async (options, context) =>
        (await import("./plan.ts")).planCommand(options, context),
      ),
    );
}

function addDoctor(program: Command, bind: Bind): void {
  program
    .command("doctor")
    .description(
      "check the config against the live world: what can be reached, read and scaled, and what to do if not",
    )
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--json", "print JSON instead of lines")
    .addHelpText(
      "after",
      `
Asks the scheduler and every metric once, and changes nothing.

  ✓  as it should be
  !  works, with a catch
  ✗  a problem: it does not work until it is fixed

Exit codes:
  0  no problem; there may be warnings
  1  a problem
  2  bad config, plugin or usage

Example:
  microscaling doctor --json | jq -r '.findings[] | select(.level == "problem") | .message'`,
    )
    .action(
      bind<DoctorOptions>(async (options, context) =>
        (await import("./doctor.ts")).doctorCommand(options, context),
      ),
    );
}

function addInit(program: Command, bind: Bind): void {
  program
    .command("init")
    .description("write a first config: asks on a terminal, takes flags elsewhere")
    .option("-c, --config <file>", "where to write (default: microscaling.yaml)")
    .option(
      "--scheduler <name>",
      `what runs the workers: ${KNOWN_PLUGINS.scheduler.join(", ")}, or one that is installed`,
    )
    .option(
      "--metric <name>",
      `where the jobs are: ${KNOWN_PLUGINS.metric.join(", ")}, or one that is installed`,
    )
    .option("--topic <name>", "the NSQ topic")
    .option("--channel <name>", "the NSQ channel")
    .option("--queue <name>", "the SQS or Azure queue; for SQS its URL works too")
    .option(
      "--task <name>",
      "the task's name, and that of the Deployment or app on kubernetes and marathon (default: the queue's)",
    )
    .option("--image <image>", "for docker: the image that works on the jobs")
    .option("--command <command>", "for process: the program and its arguments")
    .addOption(
      new Option("--capacity <n>", "how many instances there may be in all").argParser(
        parseCapacity,
      ),
    )
    .option("--yes", "ask nothing; use defaults for what the flags leave open")
    .option("--force", "replace a file that is there already")
    .addHelpText(
      "after",
      "\nExample:\n  microscaling init --scheduler docker --image shop/mailer:3 --metric nsq --topic mails --channel send --yes",
    )
    .action(bind<InitOptions>(async (options) => (await import("./init.ts")).initCommand(options)));
}

function addSchema(program: Command, bind: Bind): void {
  program
    .command("schema")
    .description(
      "print the JSON Schema of the config, with the installed plugins' parts, for editors",
    )
    .option(CONFIG_FLAGS, "find plugins from this file's folder")
    .option("-o, --output <file>", "write it to a file")
    .addHelpText(
      "after",
      "\nExample:\n  microscaling schema -o microscaling.schema.json\n  and as the first line of the config:  # yaml-language-server: $schema=microscaling.schema.json",
    )
    .action(
      bind<SchemaOptions>(async (options) => (await import("./schema.ts")).schemaCommand(options)),
    );
}

function addPlugins(program: Command, bind: Bind): void {
  program
    .command("plugins")
    .description("list the schedulers and metrics that are installed")
    .option(CONFIG_FLAGS, "find plugins from this file's folder")
    .option("--json", "print JSON instead of a table")
    .addHelpText(
      "after",
      "\nExample:\n  npm install @microscaling/metric-nsq && microscaling plugins",
    )
    .action(
      bind<PluginsOptions>(async (options) =>
        (await import("./plugins.ts")).pluginsCommand(options),
      ),
    );
}
