import { expect, it, test } from "vitest";
import { splitCommand } from "../../src/cli/words.ts";

it.each([
  ["node worker.js", ["node", "worker.js"]],
  ["  node   worker.js ", ["node", "worker.js"]],
  [`sh -c "echo 'a b' && exec worker"`, ["sh", "-c", "echo 'a b' && exec worker"]],
  [`sh -c 'say "hi"'`, ["sh", "-c", 'say "hi"']],
  [`--name="two words"`, ["--name=two words"]],
  [`"/opt/my app/run" ''`, ["/opt/my app/run", ""]],
  [String.raw`a\ b "c\"d"`, ["a b", 'c"d']],
  ["", []],
])("takes %j apart", (text, words) => {
  expect(splitCommand(text)).toEqual(words);
});

test.each([`sh -c "open`, "it's", "end\\"])("refuses %j", (text) => {
  expect(() => splitCommand(text)).toThrow(/expected a closed quote/);
});
