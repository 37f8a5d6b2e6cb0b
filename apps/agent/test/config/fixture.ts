import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isMicroscalingError, silentLogger, systemClock, type ErrorCode } from "@microscaling/core";
import { onTestFinished } from "vitest";
import { loadConfig, type LoadedConfig, type LoadRequest } from "../../src/config/index.ts";

/** A folder that is gone when the test ends. */
export function createFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "mss-config-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Counts what is made and closed, through the global of the process: the plugin is a module of its own. */
export interface Made {
  kind: string;
  options: unknown;
  closed: number;
}

/** What the fixture's plugins made since it was last emptied. */
export const made: Made[] = ((globalThis as Record<string, unknown>)["__made"] ??= []) as Made[];

/** A plugin in plain JavaScript, as a third party would ship it: no import of ours, hand-written schemas. */
export function pluginSource(kind: "scheduler" | "metric", name: string, more = ""): string {
  return `
const typeOf = (type) => (type === "secret" ? "string" : type);
const jsonOf = (type) => type === "any" ? {} : { type: typeOf(type), ...(type === "secret" ? { writeOnly: true } : {}) };
const strict = (known, required = []) => ({ "~standard": { version: 1, vendor: "hand", validate(value) {
  const issues = [];
  for (const key of Object.keys(value)) {
    if (!(key in known)) issues.push({ code: "unrecognized_keys", keys: [key], path: [], message: "Unrecognized key" });
    else if (known[key] !== "any" && typeof value[key] !== typeOf(known[key]))
      issues.push({ path: [key], message: "Invalid input: expected " + typeOf(known[key]) + ", received " + typeof value[key] });
  }
  for (const key of required) if (!(key in value)) issues.push({ path: [{ key }], message: "Invalid input: expected " + known[key] });
  return issues.length > 0 ? { issues } : { value };
}, jsonSchema: { input: () => ({ type: "object", additionalProperties: false,
  properties: Object.fromEntries(Object.entries(known).map(([key, type]) => [key, jsonOf(type)])) }) } } });
const create = (options) => {
  const entry = { kind: "${kind}", options, closed: 0 };
  globalThis.__made.push(entry);
  return { close: async () => { entry.closed++; } };
};
export default {
  [Symbol.for("@microscaling/plugin")]: "${kind}", kind: "${kind}", name: "${name}", apiVersion: 1,
  options: strict({ host: "string", socketPath: "string", url: "string", size: "number", nsqd: "any", lookupd: "any", seal: "secret", username: "number" }),
  workload: strict({ image: "string", command: "any", pull: "string", stop: "any", network: "string", publishAllPorts: "boolean", password: "string", seal: "secret", env: "any", replicas: "number", isOn: "boolean" }),
  query: strict({ topic: "string", channel: "string", queue: "string" }, ["topic"]),
  capabilities: { watch: ${kind === "scheduler"}, prepare: false, capacity: false, outlivesAgent: true, replaces: false, parts: [] },
  defaultIntervalMs: 250,
  create,
  ${more}
};
`;
}

/** A package with a plugin in it. */
export function packageFiles(folder: string, name: string, source: string): Record<string, string> {
  const manifest = { name, version: "1.2.3", type: "module", exports: { ".": "./index.js" } };
  return {
    [`${folder}/node_modules/${name}/package.json`]: JSON.stringify(manifest),
    [`${folder}/node_modules/${name}/index.js`]: source,
  };
}

/** A docker scheduler, a toy one and an nsq metric, so that no real plugin is needed. */
export const PLUGINS: Readonly<Record<string, string>> = {
  ...packageFiles(".", "@microscaling/scheduler-docker", pluginSource("scheduler", "docker")),
  ...packageFiles(".", "@microscaling/scheduler-toy", pluginSource("scheduler", "toy")),
  ...packageFiles(".", "@microscaling/metric-nsq", pluginSource("metric", "nsq")),
};

/** A config that is right, to be spoilt by each test. */
export const GOOD = `
scheduler: { use: docker }
capacity: { instances: 10 }
tasks:
  consumer:
    priority: 1
    workload: { image: queue-demo }
    metric: { use: nsq, topic: demo, channel: demo }
    target: { use: queue, length: 50 }
  batch:
    priority: 2
    workload: { image: queue-demo }
    target: { use: remainder }
`;

/** What a test may change about a load. */
export interface LoadOptions extends Partial<LoadRequest> {
  readonly files?: Readonly<Record<string, string>>;
}

/** Loads a config from a temporary folder that has the fixture's plugins. */
export async function load(
  yaml: string | undefined,
  options: LoadOptions = {},
): Promise<LoadedConfig> {
  const { files = {}, ...request } = options;
  const config = yaml === undefined ? {} : { "microscaling.yaml": yaml };
  const cwd = request.cwd ?? createFolder({ ...PLUGINS, ...config, ...files });
  return await loadConfig({
    env: {},
    cwd,
    context: { clock: systemClock, logger: silentLogger },
    ...request,
  });
}

/** What went wrong, as people read it. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: readonly string[];
}

/** The error that `promise` ends with; fails when there is none or it is not one of ours. */
export async function failure(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    if (!isMicroscalingError(error)) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
  throw new Error("expected a failure, but the config was taken");
}
