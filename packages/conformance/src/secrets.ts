import assert from "node:assert/strict";
import { inspect } from "node:util";

import { isMicroscalingError, type LogFields, type Logger } from "@microscaling/core";

/** All that a plugin told: log lines and errors. */
export interface Told {
  /** What the plugin is to log by. */
  readonly logger: Logger;
  /** Notes what a call throws, and gives what it returns. */
  hear<T>(call: Promise<T>): Promise<T | undefined>;
  /** Notes an error. */
  heard(error: unknown): void;
  /** Fails if a secret, or a URL with credentials or a query, is in any of it. */
  assertClean(secret: string | undefined): void;
}

/** Credentials before the host, or anything behind a question mark: whatever they are, nobody needs them to find the server. */
const TELLING_URL = /[a-z][a-z0-9+.-]*:\/\/(?:[^\s/:@'"`]+:[^\s/@'"`]+@\S*|[^\s'"`?]+\?[^\s'"`]+)/i;

/** Begins to listen. */
export function createTold(): Told {
  const shown: string[] = [];
  const inside: string[] = [];

  const log = (message: string, fields: LogFields = {}): void => {
    shown.push(`the log line "${message}" ${inspect(fields)}`);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };

  function heard(error: unknown): void {
    const { message, details } = isMicroscalingError(error)
      ? error
      : { message: String(error), details: [] };
    shown.push(`the error "${[message, ...details].join("; ")}"`);
    // What hides in it, or in its causes, is found by whoever logs it whole.
    inside.push(inspect(error, { depth: 8, showHidden: true }));
  }

  return {
    logger,
    heard,
    async hear(call) {
      try {
        return await call;
      } catch (error) {
        heard(error);
        return undefined;
      }
    },
    assertClean(secret) {
      for (const text of shown) {
        const found = TELLING_URL.exec(text)?.[0];
        assert.ok(found === undefined, `a URL with credentials or a query is in ${text}`);
      }
      if (secret === undefined) return;
      for (const text of shown) assert.ok(!text.includes(secret), `the secret is in ${text}`);
      for (const text of inside) {
        const [line] = text.split("\n");
        assert.ok(!text.includes(secret), `the secret is hidden inside the error "${line}"`);
      }
    },
  };
}
