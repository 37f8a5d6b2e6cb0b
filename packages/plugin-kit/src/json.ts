/** An object out of an answer, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether `value` is an object, and no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `value` if it is an object, else one without members. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The objects of a list; none if it is something else. */
export function objectsOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** Whether `value` is a whole number ≥ 0. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** So little of what was found that it holds no secret worth the name, on one line. `undefined` is `nothing`. */
export function excerpt(found: unknown): string {
  if (found === undefined) return "nothing";
  const text = typeof found === "string" ? found : (JSON.stringify(found) ?? typeof found);
  return text.length > 20 ? `${JSON.stringify(text.slice(0, 20))}…` : JSON.stringify(text);
}

/** The JSON of a text; `undefined` when it is something else, as the web pages are that proxies answer with. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A member that is an object, or an empty one. */
export function memberIn(value: unknown, name: string): Fields {
  return fieldsOf(fieldsOf(value)[name]);
}

/** A member that is a text, or `undefined`. */
export function textIn(value: unknown, name: string): string | undefined {
  const found = fieldsOf(value)[name];
  return typeof found === "string" ? found : undefined;
}

/** A member that is a whole number ≥ 0, or `undefined`. */
export function countIn(value: unknown, name: string): number | undefined {
  const found = fieldsOf(value)[name];
  return isCount(found) ? found : undefined;
}

/** A member that is a list: those of its members that are objects. */
export function objectsIn(value: unknown, name: string): readonly Fields[] {
  return objectsOf(fieldsOf(value)[name]);
}

/** Longer lines are no answer of any backend's. Characters. */
const LONGEST_LINE = 64 * 2 ** 20;

/**
 * The JSON values of a stream that has one on each line, empty lines aside.
 * @param longest the most characters of a line; 64 million unless told.
 * @throws SyntaxError for a line that is not JSON, or that is longer.
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
    // A line of many chunks is joined once it is whole or grows; most fit into one.
    lines[0] = rest + (lines[0] ?? "");
    rest = lines.pop() ?? "";
    if (rest.length > longest) throw new SyntaxError("a line of JSON without an end");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as unknown;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as unknown;
}
