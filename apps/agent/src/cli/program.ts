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
          details: [`commands: ${program.commands.map((one) => one.name()).join(", ")}`],
        });
      (command ?? program).outputHelp();
    });
}

const EXAMPLES = `Examples:
  microscaling init            write a first microscaling.yaml
  microscaling validate        check the file
  microscaling doctor          check the real queues and the real scheduler
  microscaling plan            show what the agent would do now, and why
  microscaling simulate        show what the agent would have done with your load
  microscaling run             run the agent, until Ctrl-C
  microscaling help run        show the help of one command`;

const CONFIG_FLAGS = "-c, --config <file>";
const CONFIG_HELP = "the config file (default: ./microscaling.yaml, or .json)";

function addRun(program: Command, bind: Bind): void {
  program
    .command("run")
    .description("scale the tasks of the config until a signal stops it")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--dry-run", "decide and report, but do not start or stop anything")
    .option("--once", "read, decide and act once, wait for the outcomes, and end")
    .option("--live", "show a live view if the output is a terminal; otherwise log lines")
    .addOption(
      new Option(
        "--record <file>",
        "append all decisions and their input to a file, to replay them later",
      ).conflicts("once"),
    )
    .addOption(
      new Option(
        "--log-format <format>",
        "the log format (default: pretty on a terminal, else json)",
      ).choices(["pretty", "json"]),
    )
    .addHelpText(
      "after",
      `
Signals:
  SIGTERM, SIGINT   stop, as \`shutdown:\` in the config says (leave or drain); a second signal stops at once
  SIGHUP            read the config again, as after a change of the file; a config with mistakes is refused and the old one stays

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
    .description("check the config and its plugins, and report every mistake with its line")
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
    .description("read the real metrics and counts once, and show what the agent would do and why")
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--json", "print JSON instead of a table")
    .addHelpText(
      "after",
      "\nThe exit code is 1 if something could not be read.\n\nExample:\n  microscaling plan --json | jq '.tasks[] | {task, change, why}'",
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
      "check that the real queues and the scheduler can be reached, read and scaled, and say what to do if not",
    )
    .option(CONFIG_FLAGS, CONFIG_HELP)
    .option("--json", "print JSON instead of lines")
    .addHelpText(
      "after",
      `
Asks the scheduler and every metric once, and changes nothing.

  ✓  all is well
  !  works with a limitation
  ✗  does not work until you fix it

Exit codes:
  0  no problem (there may be warnings)
  1  at least one problem
  2  a mistake in the config, a plugin or the command line

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
    .description(
      "write a first config; asks for the values on a terminal, otherwise uses the flags",
    )
    .option("-c, --config <file>", "the file to write (default: microscaling.yaml)")
    .option(
      "--scheduler <name>",
      `what runs the workers: ${KNOWN_PLUGINS.scheduler.join(", ")}, or another installed one`,
    )
    .option(
      "--metric <name>",
      `where the jobs are: ${KNOWN_PLUGINS.metric.join(", ")}, or another installed one`,
    )
    .option("--topic <name>", "the NSQ topic")
    .option("--channel <name>", "the NSQ channel")
    .option("--queue <name>", "the SQS or Azure queue; for SQS its URL works too")
    .option(
      "--task <name>",
      "the name of the task, and of the Deployment or app on kubernetes and marathon (default: the queue's name)",
    )
    .option("--image <image>", "for docker: the image that works on the jobs")
    .option("--command <command>", "for process: the program and its arguments")
    .addOption(
      new Option("--capacity <n>", "the total number of instances").argParser(parseCapacity),
    )
    .option("--yes", "do not ask; use defaults for missing flags")
    .option("--force", "replace an existing file")
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
      "print the JSON Schema of the config, with the options of the installed plugins, for editors",
    )
    .option(CONFIG_FLAGS, "look for plugins from the folder of this file")
    .option("-o, --output <file>", "write the schema to a file")
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
    .description("list the installed schedulers and metrics")
    .option(CONFIG_FLAGS, "look for plugins from the folder of this file")
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
