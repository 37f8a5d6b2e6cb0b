import { MicroscalingError } from "@microscaling/core";
import { print } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import type { PluginKind } from "../config/types.ts";
import { didYouMean, either } from "../config/words.ts";
import { findInstalled, searchFolders } from "../plugins/folders.ts";
import { isKnownPlugin, KNOWN_PLUGINS } from "../plugins/known.ts";
import { metricPart } from "./init-parts.ts";
import { splitCommand } from "./words.ts";
import { renderConfig, type InitAnswers } from "./init-template.ts";
import { assertNoFile, writeNewFile } from "./write-file.ts";

/** The options of `init`. Missing options are asked for on a terminal, and otherwise have defaults. */
export interface InitOptions {
  readonly config?: string;
  readonly scheduler?: string;
  readonly metric?: string;
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

/** Writes a first config, and prints what to do next. */
export async function initCommand(options: InitOptions): Promise<number> {
  const file = options.config ?? DEFAULT_FILE;
  if (/\.json$/i.test(file))
    throw new MicroscalingError("ERR_USAGE", `--config: init writes YAML, found ${file}`);
  assertPlugin("scheduler", options.scheduler);
  assertPlugin("metric", options.metric);
  if (options.force !== true) assertNoFile(file);
  const asks = options.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
  const complete = asks ? await (await import("./init-questions.ts")).askForRest(options) : options;
  if (complete === undefined) {
    print("Nothing was written.");
    return EXIT.failed;
  }
  const answers = withDefaults(complete);
  await writeNewFile(file, renderConfig(answers), { force: options.force === true });
  const { before } = metricPart(answers.metric);
  const flag = file === DEFAULT_FILE ? "" : ` --config ${file}`;
  const wanted = [
    ...packagesOf("scheduler", answers.scheduler),
    ...packagesOf("metric", answers.metric),
  ];
  const first = [wanted.length === 0 ? undefined : `npm install ${wanted.join(" ")}`, before];
  print(`wrote ${file}

Next:
${first.map((line) => (line === undefined ? "" : `  ${line}\n`)).join("")}  microscaling validate${flag}
  microscaling doctor${flag}   # can everything be reached, read and scaled?
  microscaling plan${flag}     # what would be done
  microscaling run${flag}`);
  return EXIT.ok;
}

function withDefaults(options: InitOptions): InitAnswers {
  const { metric = "nsq", topic = "jobs", queue = "jobs" } = options;
  const scheduler = options.scheduler ?? "docker";
  const task = options.task ?? nameFrom(metric === "nsq" ? topic : lastPart(queue));
  // On these schedulers, the task's name is also the name of the object that it scales.
  if (NAMES_OBJECTS.has(scheduler) && !OBJECT_NAME.test(task))
    throw new MicroscalingError(
      "ERR_USAGE",
      `--task: expected lower-case letters, digits and hyphens, because ${scheduler} requires that, found ${JSON.stringify(task)}`,
    );
  return {
    scheduler,
    metric,
    topic,
    queue,
    channel: options.channel ?? "workers",
    task,
    capacity: options.capacity ?? 10,
    image: options.image ?? "worker:latest",
    command: splitCommand(options.command ?? "node worker.js"),
  };
}

/** Schedulers on which a task has the same name as the object that it scales. */
const NAMES_OBJECTS = new Set(["kubernetes", "marathon"]);
/** A name that is valid in DNS, and so on Kubernetes and Marathon. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Makes a name that every scheduler accepts from the name of a queue. */
function nameFrom(queue: string): string {
  const name = queue
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 63);
  const trimmed = name.replaceAll(/^-+|-+$/g, "");
  return trimmed === "" ? "worker" : trimmed;
}

/** Checks that a plugin is part of this project or installed. */
function assertPlugin(kind: PluginKind, name: string | undefined): void {
  if (name === undefined || isKnownPlugin(kind, name)) return;
  const installed = installedPlugins(kind);
  if (installed.includes(name)) return;
  const known = [...new Set([...KNOWN_PLUGINS[kind], ...installed])];
  throw new MicroscalingError(
    "ERR_USAGE",
    `--${kind}: expected ${either(known)}, or another installed one, found ${JSON.stringify(name)}${didYouMean(name, known)}`,
  );
}

function installedPlugins(kind: PluginKind): string[] {
  return findInstalled(searchFolders(process.cwd())).flatMap((one) =>
    one.kind === kind ? [one.name] : [],
  );
}

/** The packages that may have to be installed. A plugin that is not part of this project is already installed. */
function packagesOf(kind: PluginKind, name: string): string[] {
  return isKnownPlugin(kind, name) ? [`@microscaling/${kind}-${name}`] : [];
}

/** The name of a queue from its URL. */
function lastPart(queue: string): string {
  return queue.slice(queue.lastIndexOf("/") + 1);
}
