import { constants } from "node:os";

import { durationPattern, parseDuration, type StandardSchema } from "@microscaling/core";

import { checkObject, schemaOf, type Check } from "./schema.ts";

/** This scheduler has no options. */
export type ProcessOptions = Readonly<Record<string, never>>;

/** The workload of a task. */
export interface ProcessWorkload {
  /** The program and its arguments. No shell is involved. */
  readonly command: readonly [string, ...string[]];
  /** The folder in which the program runs; the agent's own folder if absent. */
  readonly cwd: string | undefined;
  /** Environment variables besides the few that every instance gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: {
    /** The signal that asks the whole process group to stop. */
    readonly signal: NodeJS.Signals;
    /** How long the group may take to stop before it is killed, in milliseconds ≥ 0. */
    readonly graceMs: number;
  };
  /** Where the output goes: `log`, `ignore`, or the path of a file to append to. */
  readonly output: string;
}

const SIGNALS: readonly string[] = Object.keys(constants.signals);
const DEFAULT_GRACE_MS = 10_000;

const isText = (written: unknown): written is string =>
  typeof written === "string" && !written.includes("\0");

const command: Check<ProcessWorkload["command"]> = (written, fault) => {
  if (!Array.isArray(written) || written.length === 0) {
    return fault('expected the program and its arguments, such as ["node", "worker.js"]');
  }
  const wrong = written.findIndex((part) => !isText(part));
  if (wrong !== -1) return fault("expected text", [wrong]);
  const [program, ...args]: readonly string[] = written.filter(isText);
  if (program === undefined || program === "") return fault("expected the name of a program", [0]);
  return [program, ...args];
};

const text: Check<string> = (written, fault) =>
  isText(written) && written !== "" ? written : fault("expected text that is not empty");

const env: Check<Record<string, string>> = (written, fault) => {
  if (typeof written !== "object" || written === null || Array.isArray(written)) {
    return fault("expected names and their values");
  }
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(written) as [string, unknown][]) {
    if (!/^[^=\s\0]+$/.test(name)) fault("expected a name without = and spaces", [name]);
    else if (isText(value)) values[name] = value;
    else if (typeof value === "number" || typeof value === "boolean") values[name] = String(value);
    else fault("expected text, a number, true or false", [name]);
  }
  return values;
};

const signal: Check<NodeJS.Signals> = (written, fault) =>
  isSignal(written) ? written : fault("expected the name of a signal, such as SIGTERM");

const isSignal = (written: unknown): written is NodeJS.Signals =>
  typeof written === "string" && SIGNALS.includes(written);

const grace: Check<number> = (written, fault) =>
  parseDuration(written) ?? fault("expected a duration such as 500ms or 10s");

const stop: Check<ProcessWorkload["stop"]> = (written, fault) => {
  const found = checkObject(written, fault, { signal, grace });
  return { signal: found.signal ?? "SIGTERM", graceMs: found.grace ?? DEFAULT_GRACE_MS };
};

/** Checks `scheduler:`. */
export const optionsSchema: StandardSchema<ProcessOptions> = schemaOf<ProcessOptions>(
  (written, fault) => checkObject(written, fault, {}),
  { type: "object", properties: {}, additionalProperties: false },
);

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<ProcessWorkload> = schemaOf<ProcessWorkload>(
  (written, fault) => {
    const found = checkObject(written, fault, { command, cwd: text, env, stop, output: text }, [
      "command",
    ]);
    return {
      command: found.command ?? [""],
      cwd: found.cwd,
      env: found.env ?? {},
      stop: found.stop ?? { signal: "SIGTERM", graceMs: DEFAULT_GRACE_MS },
      output: found.output ?? "log",
    };
  },
  {
    type: "object",
    required: ["command"],
    additionalProperties: false,
    properties: {
      command: {
        type: "array",
        minItems: 1,
        items: { type: "string" },
        description: "The program and its arguments. No shell is involved.",
      },
      cwd: { type: "string", minLength: 1, description: "The folder in which the program runs." },
      env: {
        type: "object",
        additionalProperties: { type: ["string", "number", "boolean"] },
        description: "Environment variables besides PATH, HOME, TMPDIR, LANG, TZ and PWD.",
      },
      stop: {
        type: "object",
        additionalProperties: false,
        properties: {
          signal: {
            enum: SIGNALS,
            default: "SIGTERM",
            description: "The signal that asks an instance to stop.",
          },
          grace: {
            type: "string",
            pattern: durationPattern.source,
            default: "10s",
            description: "How long an instance may take to stop before it is killed.",
          },
        },
      },
      output: {
        type: "string",
        minLength: 1,
        default: "log",
        description: "Where the output goes: log, ignore, or the path of a file to append to.",
      },
    },
  },
);
