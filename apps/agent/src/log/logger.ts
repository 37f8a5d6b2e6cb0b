import type { Clock, LogFields, Logger } from "@microscaling/core";
import { pino, type Logger as PinoLogger } from "pino";
import {
  LOG_COMPONENTS,
  type LogComponent,
  type LogLevel,
  type LogSettings,
} from "../config/types.ts";
import type { LogHealth } from "./line-sink.ts";
import type { Redactor } from "./redact.ts";

/** `pretty` for people, `json` (one object per line) for machines. */
export type LogFormat = "pretty" | "json";

/** Options for a {@link Log}. */
export interface LogRequest {
  readonly format: LogFormat;
  readonly colour: boolean;
  readonly redactor: Redactor;
  readonly clock: Clock;
  /** Writes one line, with its line break. */
  readonly write: (line: string) => void;
  /** The state of the log; absent if writing cannot fail. */
  readonly health?: () => LogHealth;
}

/** The agent's log. It exists before the config is read, and follows the config afterwards. */
export interface Log {
  readonly logger: Logger;
  readonly redactor: Redactor;
  /** Sets the level and components, also of loggers that were handed out before. */
  configure(settings: LogSettings): void;
  /** The state of the log. */
  health(): LogHealth;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Creates the log. Lines are written at once in this process: a worker thread would cost more memory than the whole engine. */
export async function createLog(request: LogRequest): Promise<Log> {
  const { redactor } = request;
  let settings: LogSettings = { level: "info", debug: [], detail: false };
  const detail = (): boolean => settings.detail;
  const write = request.format === "json" ? request.write : await prettyWriter(request, detail);
  const root = pino(
    {
      level: "debug", // what is written is decided below, so that a reload can change it
      base: null,
      timestamp: () => `,"time":"${new Date(request.clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );

  function wrap(target: PinoLogger, component: LogComponent): Logger {
    const lineAt =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        const debugged = settings.debug.includes(component);
        if (!debugged && RANK[level] < RANK[settings.level]) return;
        const pid = settings.detail ? { pid: process.pid } : {};
        target[level]({ ...redactor.map(fields), ...pid }, redactor.text(message));
      };
    return {
      debug: lineAt("debug"),
      info: lineAt("info"),
      warn: lineAt("warn"),
      error: lineAt("error"),
      child(fields) {
        const named = LOG_COMPONENTS.find((one) => one === fields["component"]) ?? component;
        return wrap(target.child(redactor.map(fields)), named);
      },
    };
  }

  return {
    logger: wrap(root, "agent"),
    redactor,
    configure(next) {
      settings = next;
    },
    health: request.health ?? ((): LogHealth => ({ lost: 0, problem: undefined })),
  };
}

/** Fields that the sentence of a change already contains, and fields that only `detail` shows. */
const TOLD = ["from", "to", "desired", "reading", "limits"];
const DETAIL = ["pid", "component", "plugin"];

async function prettyWriter(
  { colour, write }: LogRequest,
  detail: () => boolean,
): Promise<(line: string) => void> {
  const { default: pretty } = await import("pino-pretty");
  const options = {
    colorize: colour,
    singleLine: true,
    errorLikeObjectKeys: [],
    translateTime: "SYS:HH:MM:ss.l",
  };
  const short = pretty.prettyFactory({ ...options, ignore: [...TOLD, ...DETAIL].join(",") });
  const long = pretty.prettyFactory({ ...options, ignore: TOLD.join(",") });
  return (line) => {
    const parsed: { task?: string; msg?: string } = JSON.parse(line);
    const { task, ...entry } = parsed;
    const named = task === undefined || entry.msg?.includes(task) === true;
    write((detail() ? long : short)(named ? entry : { ...entry, task }));
  };
}
