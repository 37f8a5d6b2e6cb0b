/** What a log line carries besides its text. Never put a secret in it. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The five methods the engine and the plugins log by. The agent gives a pino logger; tests give what they like. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line also carries `fields`. */
  child(fields: LogFields): Logger;
}

const nothing = (): void => {};

/** Logs nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
