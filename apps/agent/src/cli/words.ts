import { MicroscalingError } from "@microscaling/core";

/** One piece of a word: in double quotes, in single quotes, or plain. A backslash escapes the next character. */
const PIECE = /"((?:[^"\\]|\\.)*)"|'([^']*)'|((?:[^\s"'\\]|\\.)+)/gsy;

/**
 * Splits a command line as a shell does: quotes keep words together. Nothing is expanded.
 * @throws MicroscalingError `ERR_USAGE` if a quote is not closed
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (match === null)
      throw new MicroscalingError(
        "ERR_USAGE",
        `--command: expected a closed quote, found ${text.slice(at)}`,
      );
    const [whole, double, single, plain] = match;
    word = (word ?? "") + (single ?? (double ?? plain ?? "").replaceAll(/\\(.)/gs, "$1"));
    at += whole.length;
  }
  if (word !== undefined) words.push(word);
  return words;
}
