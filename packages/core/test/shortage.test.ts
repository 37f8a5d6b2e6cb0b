import { describe, expect, it } from "vitest";

import { shortageOf } from "../src/index.ts";

const failure = (code: string): Error => Object.assign(new Error(code), { code });

describe("a shortage", () => {
  it.each([
    ["EMFILE", /file descriptors.*ulimit -n/],
    ["ENFILE", /machine has no file descriptors/],
    ["EAGAIN", /processes/],
    ["ENOSPC", /disk/],
  ])("is told by %s, also as a cause", (code, words) => {
    expect(shortageOf(failure(code))).toMatch(words);
    expect(shortageOf(new TypeError("fetch failed", { cause: failure(code) }))).toMatch(words);
  });

  it.each([[failure("ECONNREFUSED")], [new Error("EMFILE")], ["EMFILE"], [undefined]])(
    "is not told by %s",
    (error) => {
      expect(shortageOf(error)).toBeUndefined();
    },
  );

  it("is looked for in a circle of causes, and not for ever", () => {
    const [one, two] = [new Error("one"), new Error("two")];
    one.cause = two;
    two.cause = one;
    expect(shortageOf(one)).toBeUndefined();
  });
});
