/** An object in an answer whose members are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether `value` is an object and not a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` if it is an object, otherwise an empty object. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The objects in a list; none if `value` is not a list. */
export function objectsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** Whether `value` is a whole number ≥ 0. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** A short part of a value on one line, too short to reveal a secret. `undefined` becomes `nothing`. */
export function excerpt(found: unknown): string {
  if (found === undefined) return "nothing";
  const text = typeof found === "string" ? found : (JSON.stringify(found) ?? typeof found);
  return text.length > 20 ? `${JSON.stringify(text.slice(0, 20))}…` : JSON.stringify(text);
}

/** Parses JSON; `undefined` if the text is something else, for example the web page of a proxy. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member that is an object; otherwise an empty object. */
export function memberIn(value: unknown, name: string): Fields {
  return fieldsOf(fieldsOf(value)[name]);
}

/** A member that is a text; otherwise `undefined`. */
export function textIn(value: unknown, name: string): string | undefined {
  const found = fieldsOf(value)[name];
  return typeof found === "string" ? found : undefined;
}

/** A member that is a whole number ≥ 0; otherwise `undefined`. */
export function countIn(value: unknown, name: string): number | undefined {
  const found = fieldsOf(value)[name];
  return isCount(found) ? found : undefined;
}

/** The objects in a member that is a list. */
export function objectsIn(value: unknown, name: string): readonly Fields[] {
  return objectsOf(fieldsOf(value)[name]);
}

/** The longest line that any backend sends, in characters. */
const LONGEST_LINE = 64 * 2 ** 20;

/**
 * Reads the JSON values of a stream with one value per line. Skips empty lines.
 * @param longest the largest number of characters in a line. Default: 64 million.
 * @throws SyntaxError for a line that is not JSON or is longer.
 */
export async function* jsonLines(
  stream: AsyncIterable<Uint8Array | string>,
  longest: number = LONGEST_LINE,
): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    // Chunks are joined only when a line is complete or grows. Most lines fit into one chunk.
    lines[0] = rest + (lines[0] ?? "");
    rest = lines.pop() ?? "";
    if (rest.length > longest) throw new SyntaxError("a line of JSON without an end");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as unknown;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as unknown;
}
