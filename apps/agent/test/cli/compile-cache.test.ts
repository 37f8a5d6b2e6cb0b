import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { privateCacheFolder } from "../../bin/compile-cache.js";
import { createFolder } from "../config/fixture.ts";

const cacheOf = (home: string): string => join(home, "microscaling", "compile-cache");
const isRoot = process.getuid?.() === 0;

it("makes a folder that only its user can enter", () => {
  const home = createFolder();
  expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBe(cacheOf(home));
  expect(statSync(cacheOf(home)).mode & 0o777).toBe(0o700);
  // And uses it again.
  expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBe(cacheOf(home));
});

it.each([0o777, 0o770, 0o720, 0o1777])("uses none where others can write, with mode %o", (mode) => {
  const home = createFolder();
  mkdirSync(cacheOf(home), { recursive: true });
  chmodSync(cacheOf(home), mode);
  expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBeUndefined();
});

it("uses none, and makes none, where others could replace the folders around it", () => {
  const home = createFolder();
  chmodSync(home, 0o777);
  expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBeUndefined();
  expect(() => statSync(join(home, "microscaling"))).toThrow("ENOENT");
});

it("looks at what a link leads to", () => {
  const [home, open] = [createFolder(), createFolder()];
  chmodSync(open, 0o777);
  symlinkSync(open, join(home, "microscaling"));
  expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBeUndefined();
});

it("uses none where none can be made", () => {
  expect(privateCacheFolder({ XDG_CACHE_HOME: "/dev/null" })).toBeUndefined();
});

describe.runIf(isRoot)("as root", () => {
  it.each(["the folder", "a folder around it"])(
    "uses none when %s is another user's, who could plant code there",
    (which) => {
      const home = createFolder();
      mkdirSync(cacheOf(home), { recursive: true });
      chownSync(which === "the folder" ? cacheOf(home) : home, 1234, 1234);
      expect(privateCacheFolder({ XDG_CACHE_HOME: home })).toBeUndefined();
    },
  );
});
