/** Hides secret values in everything that is shown. */
export interface Redactor {
  /** Adds values to hide. Values of fewer than 4 characters are ignored, because they would hide parts of ordinary words. */
  add(secrets: readonly string[]): void;
  text(shown: string): string;
  /** Returns a copy of a map in which all secrets are hidden, in texts and keys. Errors become plain maps with their code. */
  map(shown: object): Record<string, unknown>;
}

const HIDDEN = "[redacted]";
const SHORTEST = 4;
/** The deepest level that is shown. Log fields are flat, and a cycle must not block the log. */
const DEEPEST = 8;

/** Creates a {@link Redactor} that knows no secret yet. */
export function createRedactor(): Redactor {
  // Longest first, so that a secret that contains another is hidden whole.
  let secrets: string[] = [];

  function text(shown: string): string {
    let hidden = shown;
    for (const secret of secrets) hidden = hidden.replaceAll(secret, HIDDEN);
    return hidden;
  }

  function deep(shown: unknown, depth: number): unknown {
    if (typeof shown === "string") return text(shown);
    if (typeof shown === "bigint") return String(shown);
    if (typeof shown !== "object" || shown === null) return shown;
    if (depth >= DEEPEST) return "…";
    if (Array.isArray(shown)) return shown.map((item) => deep(item, depth + 1));
    return deepMap(shown, depth);
  }

  function deepMap(shown: object, depth: number): Record<string, unknown> {
    const plain = shown instanceof Error ? describeError(shown) : shown;
    return Object.fromEntries(
      Object.entries(plain).map(([key, item]) => [text(key), deep(item, depth + 1)]),
    );
  }

  return {
    add(more) {
      const known = new Set([...secrets, ...more.filter((secret) => secret.length >= SHORTEST)]);
      secrets = [...known].toSorted((a, b) => b.length - a.length);
    },
    text,
    map: (shown) => deepMap(shown, 0),
  };
}

/** The parts of an error for a log line. Only `--debug` prints the stack. */
function describeError(error: Error): Record<string, unknown> {
  return {
    ...("code" in error ? { code: error.code } : {}),
    message: error.message,
    ...("details" in error && Array.isArray(error.details) && error.details.length > 0
      ? { details: error.details as unknown[] }
      : {}),
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}
