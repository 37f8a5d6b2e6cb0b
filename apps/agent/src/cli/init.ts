import { MicroscalingError } from "@microscaling/core";
import { print } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { METRIC_PARTS } from "./init-parts.ts";
import { renderConfig, type InitAnswers } from "./init-template.ts";
import { assertNoFile, writeNewFile } from "./write-file.ts";

/** The options of `init`; what is not given is asked for on a terminal, and has a default elsewhere. */
export interface InitOptions {
  readonly config?: string;
  readonly scheduler?: InitAnswers["scheduler"];
  readonly metric?: InitAnswers["metric"];
  readonly task?: string;
  readonly topic?: string;
  readonly channel?: string;
  readonly queue?: string;
  readonly capacity?: number;
  readonly image?: string;
  readonly command?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
}

const DEFAULT_FILE = "microscaling.yaml";

/** Writes a first config, and says what to do next. */
export async function initCommand(options: InitOptions): Promise<number> {
  const file = options.config ?? DEFAULT_FILE;
  if (/\.json$/i.test(file))
    throw new MicroscalingError("ERR_USAGE", `--config: init writes YAML, found ${file}`);
  if (options.force !== true) assertNoFile(file);
  const asks = options.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
  const complete = asks ? await (await import("./init-questions.ts")).askForRest(options) : options;
  if (complete === undefined) {
    print("Nothing was written.");
    return EXIT.failed;
  }
  const answers = withDefaults(complete);
  await writeNewFile(file, renderConfig(answers), { force: options.force === true });
  const { before } = METRIC_PARTS[answers.metric];
  const flag = file === DEFAULT_FILE ? "" : ` --config ${file}`;
  print(`wrote ${file}

Next:
  npm install @microscaling/scheduler-${answers.scheduler} @microscaling/metric-${answers.metric}${before === undefined ? "" : `\n  ${before}`}
  microscaling validate${flag}
  microscaling doctor${flag}   # can everything be reached, read and scaled?
  microscaling plan${flag}     # what would be done
  microscaling run${flag}`);
  return EXIT.ok;
}

function withDefaults(options: InitOptions): InitAnswers {
  const { metric = "nsq", topic = "jobs", queue = "jobs" } = options;
  const named = metric === "nsq" ? topic : lastPart(queue);
  const task = options.task ?? named.replaceAll(/[^\w-]/g, "-").replace(/^[^a-z0-9]+/i, "");
  return {
    scheduler: options.scheduler ?? "docker",
    metric,
    topic,
    queue,
    channel: options.channel ?? "workers",
    task: task === "" ? "worker" : task,
    capacity: options.capacity ?? 10,
    image: options.image ?? "worker:latest",
    command: (options.command ?? "node worker.js").split(" ").filter((word) => word !== ""),
  };
}

/** Of a queue's URL the queue's name. */
function lastPart(queue: string): string {
  return queue.slice(queue.lastIndexOf("/") + 1);
}
