import assert from "node:assert/strict";
import { inspect } from "node:util";

import { isMicroscalingError, type LogFields, type Logger } from "@microscaling/core";

/** Everything that a plugin shows: log lines and errors. */
export interface Told {
  /** The logger for the plugin. */
  readonly logger: Logger;
  /** Records what a call throws. Returns its result. */
  hear<T>(call: Promise<T>): Promise<T | undefined>;
  /** Records an error. */
  heard(error: unknown): void;
  /** Fails if any of it contains a secret, or a URL with credentials or a query. */
  assertClean(secret: string | undefined): void;
}

/** Credentials before the host, or anything after a question mark. Nobody needs them to find the server. */
const TELLING_URL = /[a-z][a-z0-9+.-]*:\/\/(?:[^\s/:@'"`]+:[^\s/@'"`]+@\S*|[^\s'"`?]+\?[^\s'"`]+)/i;

/** Begins to listen. */
export function createTold(): Told {
  const shown: string[] = [];
  const errors: unknown[] = [];

  const log = (message: string, fields: LogFields = {}): void => {
    shown.push(`the log line "${message}" ${inspect(fields)}`);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };

  function heard(error: unknown): void {
    const { message, details } = isMicroscalingError(error)
      ? error
      : { message: String(error), details: [] };
    shown.push(`the error "${[message, ...details].join("; ")}"`);
    // A program that logs the whole error also shows what is inside it and its causes.
    errors.push(error);
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
      for (const error of errors) {
        const where = pathTo(secret, error);
        assert.ok(where === undefined, `the secret is hidden in ${where} of: ${String(error)}`);
      }
    },
  };
}

/** An error may lead to a connection, and that to everything. */
const MOST_OBJECTS = 20_000;

/** Where a secret is inside of a value: `cause.request.headers.password`. */
function pathTo(secret: string, whole: unknown): string | undefined {
  const seen = new Set<unknown>();
  const open: { path: string; value: unknown }[] = [{ path: "", value: whole }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { path, value } = next;
    if (typeof value === "string" && value.includes(secret)) return path === "" ? "it" : path;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    if (value instanceof Uint8Array) {
      if (Buffer.from(value).includes(secret)) return path;
      continue;
    }
    seen.add(value);
    if (seen.size > MOST_OBJECTS) return undefined;
    const members = value instanceof Map ? value : Object.entries(ownOf(value));
    for (const [key, member] of members)
      open.push({ path: path === "" ? String(key) : `${path}.${String(key)}`, value: member });
  }
  return undefined;
}

/** Own members, those that do not show included; none of what throws when it is looked at. */
function ownOf(value: object): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of Object.getOwnPropertyNames(value)) {
    const { value: member } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    // The stack repeats the message.
    if (key !== "stack") found[key] = member;
  }
  return found;
}
