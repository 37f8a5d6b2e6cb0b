/** The fields of a log line besides its text. Never put a secret in them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The logger of the engine and the plugins. The agent provides a pino logger. Tests can provide anything. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Returns a logger whose lines also have `fields`. */
  child(fields: LogFields): Logger;
}

const nothing = (): void => {};

/** A logger that logs nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
