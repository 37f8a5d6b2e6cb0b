import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/**
 * Phrases that stopped readers, and what to write instead. A space in a phrase also matches a line break within a comment or paragraph.
 * `\w` and other parts of regular expressions work.
 */
const PHRASES: ReadonlyMap<string, string> = new Map([
  ["mend(s|ed|ing)?", "fix"],
  ["(is|are|was|were) passed over", "is ignored"],
  [", one of them", "either … or …"],
  ["does not suffice", "is not enough"],
  ["what it misses", "the missing package"],
  ["(tells?|told) (all|every) mistakes?", "reports every mistake"],
  ["mistakes are told", "mistakes are reported"],
  ["(can|could|may|to) be had", "is available"],
  ["does not allow to", "does not allow …ing"],
  ["may stand", "is allowed"],
  ["(is|are) there already", "already exists"],
  ["lets? go of", "releases"],
  ["goes? before (what|every|the)", "overrides"],
  ["makes it so", "say what it does"],
  ["for whom", "name the subject"],
  ["under way", "in progress"],
  ["anew", "again"],
  ["at the most", "at most"],
  ["so many (of|instances|times|calls|seconds|milliseconds|jobs|tasks)", "this many"],
  ["what (came|becomes|became) of", "the result of"],
  ["comes? to nothing", "fails"],
  ["(is|are|was|were) told of", "receives"],
  ["puts? off", "delays"],
  ["over a restart", "across a restart"],
  ["likewise", "say it again"],
  ["whoever", "name the subject"],
  ["trouble with", "problem with"],
  ["from which on", "since when"],
  ["good no more", "no longer valid"],
  ["no (instances?|capacity|calls?) more", "no more …"],
]);

/** Everything that a user or a plugin author reads. Tests, their worlds and data are not. */
const PAGES = globSync(
  [
    "*.md",
    ".changeset/*.md",
    "docs/**/*.md",
    "deploy/**/*.{md,yaml}",
    "examples/**/*.{md,ts,yaml}",
    "bench/**/*.{md,ts,mjs}",
    "scripts/**/*.{ts,mjs}",
    "{packages,apps}/*/*.md",
    "{packages,apps}/*/{src,bin,assets}/**/*.{ts,js,mjs,html}",
  ],
  {
    cwd: join(import.meta.dirname, "../.."),
    exclude: ["**/node_modules/**", "**/test/**", "**/dist/**", "**/CHANGELOG.md"],
  },
);

const GAP = String.raw`\s+(?:(?:\*|//|#)\s+)?`;

/** Where a phrase stands, such as `docs/errors.md:12: "anew"`. A word between backticks is a name and does not count. */
function findPhrases(page: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../..", page), "utf8");
  return [...PHRASES].flatMap(([phrase, instead]) => {
    const start = /^\w/.test(phrase) || phrase.startsWith("(") ? String.raw`(?<![\w\`])` : "";
    const pattern = new RegExp(`${start}${phrase.replaceAll(" ", GAP)}(?!\\w)`, "gi");
    return [...text.matchAll(pattern)].map(({ index, 0: found }) => {
      const line = text.slice(0, index).split("\n").length;
      return `${page}:${line}: ${JSON.stringify(found.replaceAll(/\s+/g, " "))}; instead: ${instead}`;
    });
  });
}

it("looks at every package", () => {
  const packages = globSync("{packages,apps}/*/package.json", {
    cwd: join(import.meta.dirname, "../.."),
  });
  for (const manifest of packages) {
    const folder = manifest.slice(0, -"package.json".length);
    expect(PAGES.some((page) => page.startsWith(folder))).toBe(true);
  }
});

it("finds no phrase that stops a reader", () => {
  expect(PAGES.flatMap(findPhrases)).toEqual([]);
});
