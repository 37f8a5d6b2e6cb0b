import { intro, isCancel, select, text } from "@clack/prompts";
import type { InitOptions } from "./init.ts";
import { KNOWN_PLUGINS } from "../plugins/known.ts";
import { parseCapacity } from "./parse-capacity.ts";

/** Asks on the terminal for values that the flags do not set. Returns `undefined` if the user cancels. */
export async function askForRest(given: InitOptions): Promise<InitOptions | undefined> {
  intro("A first microscaling.yaml");
  const options: { -readonly [Key in keyof InitOptions]: InitOptions[Key] } = { ...given };
  for (const question of QUESTIONS) {
    const answer = await question(options);
    if (answer === undefined) return undefined;
    Object.assign(options, answer);
  }
  return options;
}

/** One question. Returns no values if the question is not needed, and `undefined` if the user cancels. */
type Question = (options: InitOptions) => Promise<InitOptions | undefined>;

const QUESTIONS: readonly Question[] = [
  async (options) => {
    if (options.scheduler !== undefined) return {};
    const scheduler = await choose("What runs your workers?", KNOWN_PLUGINS.scheduler);
    return scheduler && { scheduler };
  },
  async (options) => {
    if (options.metric !== undefined) return {};
    const metric = await choose("Where are the jobs?", KNOWN_PLUGINS.metric);
    return metric && { metric };
  },
  async (options) => {
    if (options.metric !== "nsq" || options.topic !== undefined) return {};
    const topic = await tell("Which topic?", "jobs");
    return topic === undefined ? undefined : { topic };
  },
  async (options) => {
    if (options.metric !== "nsq" || options.channel !== undefined) return {};
    const channel = await tell("Which channel?", "workers");
    return channel === undefined ? undefined : { channel };
  },
  async (options) => {
    const hasQueue = options.metric === "sqs" || options.metric === "azure-queue";
    if (!hasQueue || options.queue !== undefined) return {};
    const asked = options.metric === "sqs" ? "Which queue, by URL or name?" : "Which queue?";
    const queue = await tell(asked, "jobs");
    return queue === undefined ? undefined : { queue };
  },
  async (options) => {
    if (options.scheduler !== "docker" || options.image !== undefined) return {};
    const image = await tell("Which image works on the jobs?", "worker:latest");
    return image === undefined ? undefined : { image };
  },
  async (options) => {
    if (options.scheduler !== "process" || options.command !== undefined) return {};
    const command = await tell("Which command works on the jobs?", "node worker.js");
    return command === undefined ? undefined : { command };
  },
  async (options) => {
    if (options.capacity !== undefined) return {};
    const capacity = await tell("How many instances may run in total?", "10", parseCapacity);
    return capacity === undefined ? undefined : { capacity: parseCapacity(capacity) };
  },
];

async function choose<Choice extends string>(
  message: string,
  values: readonly Choice[],
): Promise<Choice | undefined> {
  const options = values.map((value) => ({ value, label: value, hint: HINTS[value] ?? "" }));
  const answer = await select<string>({ message, options });
  return values.find((value) => value === answer);
}

/** @param check throws if it cannot use the answer. The user is then asked again. */
async function tell(
  message: string,
  defaultValue: string,
  check?: (answer: string) => unknown,
): Promise<string | undefined> {
  const answer = await text({
    message,
    placeholder: defaultValue,
    defaultValue,
    validate(typed) {
      try {
        if (typed !== undefined && typed !== "") check?.(typed);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  return isCancel(answer) ? undefined : answer;
}

const HINTS: Readonly<Record<string, string>> = {
  docker: "containers on a Docker Engine",
  kubernetes: "Deployments, or anything else that can be scaled",
  marathon: "apps on Mesos",
  process: "processes on this machine",
  toy: "simulated instances, to try things out",
  nsq: "NSQ topics",
  sqs: "Amazon SQS queues",
  "azure-queue": "Azure Storage queues",
};
