/** The longest line that Docker sends, in characters. */
const LONGEST = 1_000_000;

/**
 * Reads the JSON values of a stream with one value on each line.
 * @throws SyntaxError for a line that is not JSON or is far too long.
 */
export async function* jsonLines(stream: NodeJS.ReadableStream): AsyncGenerator<unknown, void> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST) throw new SyntaxError("a line of JSON without an end");
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as unknown;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as unknown;
}
