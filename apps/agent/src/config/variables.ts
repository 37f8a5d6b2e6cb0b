import { MicroscalingError } from "@microscaling/core";
import type { LogComponent } from "./types.ts";
import { LOG_COMPONENTS } from "./types.ts";
import { didYouMean, either } from "./words.ts";

/** The variables of the original that are set, with their values checked and converted. */
export interface Variables {
  /** Where the config comes from; absent when `MSS_CONFIG` is not set. */
  readonly mode: "ENVVAR" | "FILE" | "HARDCODED" | undefined;
  /** The apps message of `MSS_CONFIG_DATA`. */
  readonly data: string | undefined;
  /** Short name of the scheduler. */
  readonly scheduler: string | undefined;
  readonly pullImages: boolean | undefined;
  /** The schedulers' options that variables set. */
  readonly options: readonly SchedulerOption[];
  /** nsqd's HTTP address. */
  readonly nsqd: string | undefined;
  /** The gains of every queue target, with the variable that set each. */
  readonly gains: readonly Gain[];
  readonly debug:
    | { readonly components: readonly LogComponent[]; readonly detail: boolean }
    | undefined;
  /** Values that must never be shown: keys that plugins read from the environment themselves. */
  readonly secrets: readonly string[];
  /** The names of the `MSS_*` variables that are set. */
  readonly names: readonly string[];
  readonly warnings: readonly string[];
}

/** A scheduler's option that a variable sets. */
export interface SchedulerOption {
  readonly variable: string;
  /** Short name of the scheduler that has the option. */
  readonly scheduler: string;
  readonly option: string;
  /** Options that are not allowed together with it. */
  readonly rivals: readonly string[];
  readonly value: string;
}

/** A gain that a variable sets. */
export interface Gain {
  readonly variable: string;
  readonly key: "kP" | "kI" | "kD" | "velocitySamples";
  readonly value: number;
}

type Values = Readonly<Record<string, string | undefined>>;

/** The problem of a value: a mistake, or something for a later version. */
interface Problem {
  readonly isLater: boolean;
  readonly text: string;
}

const wrong = (text: string): Problem => ({ isLater: false, text });
const later = (text: string): Problem => ({ isLater: true, text });

const SCHEDULERS: Readonly<Record<string, string>> = {
  DOCKER: "docker",
  MARATHON: "marathon",
  KUBERNETES: "kubernetes",
  TOY: "toy",
};

const MODES = ["ENVVAR", "FILE", "HARDCODED"] as const;

/** The original's components, and our component with the same information. */
const COMPONENTS: Readonly<Record<string, LogComponent>> = {
  mssagent: "agent",
  mssapi: "agent",
  mssconfig: "config",
  mssdemand: "engine",
  mssengine: "engine",
  mssmetric: "metric",
  mssscheduler: "scheduler",
  msstarget: "engine",
  mssutils: "agent",
};

const OPTIONS: readonly Omit<SchedulerOption, "value">[] = [
  { variable: "DOCKER_HOST", scheduler: "docker", option: "host", rivals: ["socketPath"] },
  { variable: "MSS_MARATHON_API", scheduler: "marathon", option: "url", rivals: [] },
  { variable: "MSS_KUBE_CONFIG", scheduler: "kubernetes", option: "kubeconfig", rivals: [] },
  { variable: "MSS_KUBE_NAMESPACE", scheduler: "kubernetes", option: "namespace", rivals: [] },
];

const oneOf =
  (words: readonly string[]) =>
  (value: string): Problem | undefined =>
    words.includes(value)
      ? undefined
      : wrong(
          `expected ${either(words)}, found ${JSON.stringify(value)}${didYouMean(value, words)}`,
        );

const checkNumber = (value: string): Problem | undefined =>
  /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?$/i.test(value)
    ? undefined
    : wrong(`expected a number from 0, found ${JSON.stringify(value)}`);

const checkSamples = (value: string): Problem | undefined =>
  /^[1-9]\d{0,5}$/.test(value)
    ? undefined
    : wrong(`expected a whole number from 1, found ${JSON.stringify(value)}`);

function checkUrl(value: string): Problem | undefined {
  const url = URL.parse(value);
  if (url !== null && `${url.username}${url.password}` !== "")
    return wrong(
      "expected a URL without credentials; write credentials in a config file, under scheduler",
    );
  return url !== null && /^https?:/.test(value)
    ? undefined
    : wrong(`expected a URL such as http://localhost:8080, found ${JSON.stringify(value)}`);
}

const anything = (): undefined => undefined;

const INSTEAD = "use MSS_CONFIG=ENVVAR with MSS_CONFIG_DATA, or a config file";
const NO_SERVER = "this version does not talk to a server yet";

/** Every `MSS_*` variable, with the check of its value. */
const CHECKS: Readonly<Record<string, (value: string) => Problem | undefined>> = {
  MSS_SCHEDULER: (value) =>
    value === "ECS" || value === "NOMAD"
      ? later(`${value} is not supported yet; use ${either(Object.keys(SCHEDULERS))}`)
      : oneOf(Object.keys(SCHEDULERS))(value),
  MSS_DEMAND_ENGINE: (value) =>
    value === "SERVER"
      ? later(`${NO_SERVER}; unset it or use LOCAL`)
      : oneOf(["LOCAL", "SERVER"])(value),
  MSS_CONFIG: (value) =>
    value === "SERVER" || value === "LABEL"
      ? later(`${value} is not supported yet; ${INSTEAD}`)
      : oneOf([...MODES, "SERVER", "LABEL"])(value),
  MSS_CONFIG_DATA: anything,
  MSS_MONITOR: (value) =>
    value === "SERVER"
      ? later(`${NO_SERVER}; unset it or use none`)
      : oneOf(["none", "SERVER"])(value),
  MSS_SEND_METRICS_TO_API: (value) =>
    value === "true"
      ? later(`${NO_SERVER}; unset it or use false`)
      : oneOf(["true", "false"])(value),
  MSS_API_ADDRESS: (value) =>
    /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/i.test(value)
      ? undefined
      : wrong(`expected host or host:port, found ${JSON.stringify(value)}`),
  MSS_USER_ID: anything,
  MSS_PULL_IMAGES: oneOf(["true", "false"]),
  MSS_MARATHON_API: checkUrl,
  MSS_KUBE_CONFIG: anything,
  MSS_KUBE_NAMESPACE: anything,
  MSS_LOG_DEBUG: (value) => {
    const known = ["none", "all", "detail", ...Object.keys(COMPONENTS)];
    return splitWords(value)
      .map(oneOf(known))
      .find((problem) => problem !== undefined);
  },
  MSS_KU: checkNumber,
  MSS_TU: checkNumber,
  MSS_KP: checkNumber,
  MSS_KI: checkNumber,
  MSS_KD: checkNumber,
  MSS_VEL_SAMPLES: checkSamples,
};

/** Secrets that plugins read from the environment if the config does not set them. */
const SECRETS = ["AZURE_STORAGE_ACCOUNT_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** Variables that only the original's server uses. */
const SERVER_ONLY = ["MSS_API_ADDRESS", "MSS_USER_ID"];

/**
 * Reads the variables of the original engine. An empty variable counts as not set.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` with every mistake, or `ERR_CONFIG_LATER` if all of them are for a later version.
 */
export function readVariables(env: NodeJS.ProcessEnv): Variables {
  const set: Values = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const names = Object.keys(set).filter((name) => name.startsWith("MSS_"));
  assertRight(names.flatMap((name) => checkVariable(name, set[name] ?? "")));
  return {
    mode: MODES.find((mode) => mode === set["MSS_CONFIG"]),
    data: set["MSS_CONFIG_DATA"],
    scheduler: SCHEDULERS[set["MSS_SCHEDULER"] ?? ""],
    pullImages:
      set["MSS_PULL_IMAGES"] === undefined ? undefined : set["MSS_PULL_IMAGES"] === "true",
    options: OPTIONS.flatMap((option) => {
      const value = set[option.variable];
      return value === undefined ? [] : [{ ...option, value }];
    }),
    nsqd: set["NSQ_STATS_ENDPOINT"],
    gains: readGains(set),
    secrets: SECRETS.flatMap((name) => set[name] ?? []),
    debug: readDebug(set["MSS_LOG_DEBUG"]),
    names,
    warnings: SERVER_ONLY.filter((name) => names.includes(name)).map(
      (name) => `${name}: has no effect because ${NO_SERVER}`,
    ),
  };
}

function checkVariable(name: string, value: string): (Problem & { readonly name: string })[] {
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
  const problem =
    check === undefined
      ? wrong(`unknown variable${didYouMean(name, Object.keys(CHECKS))}`)
      : check(value);
  return problem === undefined ? [] : [{ ...problem, name }];
}

function assertRight(problems: readonly (Problem & { readonly name: string })[]): void {
  if (problems.length === 0) return;
  const areLater = problems.every(({ isLater }) => isLater);
  const details = problems.map(({ name, text }) => `${name}: ${text}`);
  const [first = ""] = details;
  const message = details.length === 1 ? first : `${details.length} variables cannot be used`;
  throw new MicroscalingError(areLater ? "ERR_CONFIG_LATER" : "ERR_CONFIG_SETTING", message, {
    details: details.length === 1 ? [] : details,
  });
}

/** `MSS_KP` overrides `MSS_KU`, from which kP would be 0.8 × KU. `MSS_KD` overrides `MSS_TU`. */
function readGains(set: Values): Gain[] {
  const gains: Gain[] = [];
  const add = (key: Gain["key"], variable: string, factor = 1): void => {
    const value = set[variable];
    if (value === undefined || gains.some((gain) => gain.key === key)) return;
    gains.push({ key, variable, value: Number(value) * factor });
  };
  add("kP", "MSS_KP");
  add("kP", "MSS_KU", 0.8);
  add("kI", "MSS_KI");
  add("kD", "MSS_KD");
  add("kD", "MSS_TU", 1 / 8);
  add("velocitySamples", "MSS_VEL_SAMPLES");
  return gains;
}

function readDebug(value: string | undefined): Variables["debug"] {
  if (value === undefined) return undefined;
  const words = splitWords(value);
  const components = words.includes("all")
    ? LOG_COMPONENTS
    : [...new Set(words.flatMap((word) => COMPONENTS[word] ?? []))];
  return { components, detail: words.includes("detail") };
}

function splitWords(value: string): string[] {
  return value.split(/[\s,]+/).filter((word) => word !== "");
}
