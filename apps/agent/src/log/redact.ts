/** Hides secret values wherever they turn up in something that is about to be shown. */
export interface Redactor {
  /** Values to hide from now on. One shorter than 4 characters is left alone: it would blot out ordinary words. */
  add(secrets: readonly string[]): void;
  text(shown: string): string;
  /** The same map with every secret in its texts and keys hidden; errors become plain maps with their code. */
  map(shown: object): Record<string, unknown>;
}

const HIDDEN = "[redacted]";
const SHORTEST = 4;
/** Deeper than this is left out: log fields are flat, and a cycle must not hang the log. */
const DEEPEST = 8;

/** Makes a {@link Redactor} that knows no secret yet. */
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

/** What of an error is worth a log line. The stack is only for `--debug`, which prints it itself. */
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
