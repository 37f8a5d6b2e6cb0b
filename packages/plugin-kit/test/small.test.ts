import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import {
  atMostOne,
  countText,
  createBackOff,
  createSayOnce,
  duration,
  excerpt,
  fromEnv,
  httpAddresses,
  httpUrl,
  jsonLines,
  loadOptional,
  neededFromEnv,
  secret,
  sumParts,
  text,
  tlsFiles,
  username,
} from "../src/index.ts";
import { createContext } from "./server.ts";

afterEach(() => vi.unstubAllEnvs());

const mistakes = (schema: z.ZodType, written: unknown): string[] =>
  (schema.safeParse(written).error?.issues ?? []).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );

test("backing off doubles from a second to a minute, half of it by chance, and starts anew", () => {
  for (const [random, firstMs] of [
    [0, 500],
    [1, 1000],
  ] as const) {
    let now = 0;
    const backOff = createBackOff({ ...createContext().clock, monotonic: () => now }, () => random);
    const quietFor = (): number => {
      const start = now;
      while (backOff.isQuiet("a")) now += 1;
      return now - start;
    };
    expect(backOff.isQuiet("a")).toBe(false);
    for (const times of [1, 2, 4, 8]) {
      backOff.failed("a");
      expect(backOff.isQuiet("b")).toBe(false);
      expect(quietFor()).toBe(firstMs * times);
    }
    for (let i = 0; i < 30; i++) backOff.failed("a");
    expect(quietFor()).toBe(30_000 * (1 + random));
    expect([backOff.passed("a"), backOff.passed("a")]).toEqual([true, false]);
    backOff.failed("a");
    expect(quietFor()).toBe(firstMs);
  }
});

test("what lasts is said once, and its end", () => {
  const { logger, lines } = createContext();
  const say = createSayOnce(logger);
  say.over("a", "a is over");
  for (let i = 0; i < 2; i++) say.warn("a", "a is bad");
  say.warn("b", "b is bad");
  for (let i = 0; i < 2; i++) say.over("a", "a is over");
  say.warn("a", "a is bad again");
  expect(lines).toEqual(["a is bad", "b is bad", "a is over", "a is bad again"]);
});

test("lines of JSON, wherever the stream is cut", async () => {
  const bytes = Buffer.from('{"a":"ü"}\n\n[1]\r\n"last"');
  for (const size of [1, 2, 5, 100]) {
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    };
    const found: unknown[] = [];
    for await (const value of jsonLines(chunks())) found.push(value);
    expect(found).toEqual([{ a: "ü" }, [1], "last"]);
  }
  const broken = async (): Promise<void> => {
    for await (const _ of jsonLines(
      (async function* () {
        yield "{";
      })(),
    ))
      expect.fail();
  };
  await expect(broken()).rejects.toThrow(SyntaxError);
});

test("an excerpt is short, on one line, and tells nothing from a text", () => {
  expect(excerpt(undefined)).toBe("nothing");
  expect(excerpt("nothing")).toBe('"nothing"');
  expect(excerpt({ a: "b\n" })).toBe('"{\\"a\\":\\"b\\\\n\\"}"');
  expect(excerpt("x".repeat(100))).toBe(`"${"x".repeat(20)}"…`);
});

test.each(["http://a", "https://a:1/path"])("%s is a URL", (written) => {
  expect(mistakes(httpUrl("A."), written)).toEqual([]);
});

test.each(["", "a", "a:1", "ftp://a", "http://", 7])("%o is no URL", (written) => {
  expect(mistakes(httpUrl("A."), written)).toHaveLength(1);
});

test.each(["http://me:SECRET@a", "http://a?sig=SECRET", "http://a#SECRET"])(
  "%s is refused in words that nothing is added to",
  (written) => {
    const found = [
      ...mistakes(httpUrl("A."), written),
      ...mistakes(httpAddresses("A."), [written]),
    ];
    expect(found).toHaveLength(2);
    for (const mistake of found) expect(mistake).toMatch(/found one with them$/);
  },
);

test("addresses are hosts with ports or URLs, each once", () => {
  const addresses = httpAddresses("A.");
  expect(mistakes(addresses, ["a:1", "[::1]:2", "http://a/b"])).toEqual([]);
  for (const wrong of [[], ["a"], ["a:1", "a:1"], ["me@a:1"], "a:1"])
    expect(mistakes(addresses, wrong)).toHaveLength(1);
});

test("a certificate goes with its key", () => {
  expect(mistakes(tlsFiles("A."), { ca: "a", cert: "b", key: "c" })).toEqual([]);
  expect(mistakes(tlsFiles("A."), { cert: "b" })).toEqual(["key: expected cert and key together"]);
});

test("durations, user names and texts of a form", () => {
  expect(mistakes(duration("A.", 1000), "1s")).toEqual([]);
  expect(mistakes(duration("A.", 1000), "999ms")).toEqual([": expected at least 1s"]);
  expect(mistakes(duration("A."), "5")).toEqual([": expected a duration such as 5s"]);
  expect(mistakes(username("A."), "a:b")).toEqual([": expected no colon in it"]);
  expect(mistakes(text("A.", "a digit", /^\d$/), "x")).toEqual([": expected a digit"]);
  expect(
    mistakes(
      text("A.", "x", (written) => written === "x"),
      "x",
    ),
  ).toEqual([]);
});

test("what is wrong with a secret is said without it, and its schema marks it", () => {
  const key = secret("The key.", "a number", /^\d+$/);
  for (const written of ["SECRET", 12345678, ["SECRET"]])
    expect(mistakes(key, written)).toEqual([": expected a number, found something else"]);
  expect(z.toJSONSchema(z.object({ key }))).toMatchObject({
    properties: { key: { writeOnly: true, description: "The key. Write it as a ${VARIABLE}." } },
  });
});

test("at most one of several keys", () => {
  const two = z.object({ a: z.string(), b: z.string() }).partial().check(atMostOne("a", "b"));
  expect(mistakes(two, { a: "" })).toEqual([]);
  expect(mistakes(two, { a: "", b: "" })).toEqual(["b: expected either a or b, found both"]);
  const three = z.looseObject({}).check(atMostOne("a", "b", "c"));
  expect(mistakes(three, { a: "", c: "" })).toEqual([
    "c: expected only one of a, b or c, found a and c",
  ]);
});

test("a count that is text", () => {
  expect(countText().parse("17")).toBe(17);
  for (const wrong of ["", "-1", "1.5", "many", 7, undefined])
    expect(mistakes(countText(), wrong)).toEqual([": a whole number ≥ 0"]);
});

test("the sum of what all of them know", () => {
  expect(sumParts([])).toEqual({});
  expect(
    sumParts([
      { ready: 1, inFlight: 2, delayed: undefined },
      { ready: 3, inFlight: 4, delayed: 5 },
    ]),
  ).toEqual({ ready: 4, inFlight: 6 });
});

test("variables of the environment", () => {
  expect(fromEnv("KIT_TEST", "a digit", /^\d$/)).toBeUndefined();
  vi.stubEnv("KIT_TEST", "SECRET");
  expect(() => fromEnv("KIT_TEST", "a digit", /^\d$/)).toThrow(
    /^KIT_TEST: expected a digit, found something else$/,
  );
  vi.stubEnv("KIT_TEST", "7");
  expect(neededFromEnv("`key`", "KIT_TEST", "a digit", /^\d$/)).toBe("7");
  vi.stubEnv("KIT_TEST", "");
  expect(() => neededFromEnv("`key`", "KIT_TEST", "a digit", /^\d$/)).toThrow(
    "KIT_TEST: expected a digit, found none. Set it, or `key` of the source",
  );
});

test("a package that is not installed says what to install; one that is broken is not called missing", async () => {
  expect(await loadOptional("x", async () => 7)).toBe(7);
  const missing = Object.assign(new Error("no"), { code: "ERR_MODULE_NOT_FOUND" });
  await expect(loadOptional("@a/b", () => Promise.reject(missing))).rejects.toMatchObject({
    code: "ERR_PLUGIN_LOAD",
    message: "the package @a/b is not installed. Run: npm install @a/b",
  });
  await expect(loadOptional("@a/b", () => Promise.reject(new Error("x")))).rejects.toThrow(
    "the package @a/b cannot be loaded",
  );
});
