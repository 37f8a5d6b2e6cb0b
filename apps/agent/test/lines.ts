import type { LogFields, Logger } from "@microscaling/core";

/** A line that was logged. */
export interface Line extends LogFields {
  readonly level: string;
  readonly text: string;
  readonly from?: number;
  readonly to?: number;
}

/** A logger that keeps its lines. */
export function collectLines(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string, bound: LogFields) =>
    (text: string, fields: LogFields = {}): void => {
      lines.push({ ...bound, ...fields, level, text });
    };
  const make = (bound: LogFields): Logger => ({
    debug: at("debug", bound),
    info: at("info", bound),
    warn: at("warn", bound),
    error: at("error", bound),
    child: (fields) => make({ ...bound, ...fields }),
  });
  return { logger: make({}), lines };
}
