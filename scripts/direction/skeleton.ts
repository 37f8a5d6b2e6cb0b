import { basename } from "node:path";
import type { Manifest, Package } from "./packages.ts";

/** A rule for all published packages: what is expected, and whether a package meets it. */
type Rule = readonly [expected: string, holds: (one: Package) => boolean];

const RULES: readonly Rule[] = [
  ["the name @microscaling/<folder>", ({ folder, manifest }) => manifest.name === nameOf(folder)],
  ["a description", ({ manifest }) => (manifest.description ?? "") !== ""],
  ["the license Apache-2.0", ({ manifest }) => manifest.license === "Apache-2.0"],
  ["repository.directory", ({ folder, manifest }) => manifest.repository?.directory === folder],
  ["type: module", ({ manifest }) => manifest.type === "module"],
  ["engines.node", ({ manifest }) => manifest.engines?.node === ">=22.19"],
  ["files with dist", ({ manifest }) => manifest.files?.includes("dist") === true],
  ["exports with types and default", ({ manifest }) => exportsAre(manifest.exports)],
  ["publishConfig.exports without sources", ({ manifest }) => publishesNoSources(manifest)],
  ["publishConfig.access: public", ({ manifest }) => manifest.publishConfig?.access === "public"],
  ["a LICENSE", ({ read }) => read("LICENSE") !== undefined],
  ["a README.md", ({ read }) => read("README.md") !== undefined],
  ["a metric of at most 250 lines of code: plugins share the kit", isSmallMetric],
];

const README: readonly Rule[] = [
  ["the package's name as title", (one) => readmeHas(one, `# ${one.manifest.name}\n`)],
  ["the install command", (one) => readmeHas(one, `npm install ${one.manifest.name}`)],
];

const MOST_LINES = 250;

/** Lines of comments and empty ones do not count. */
function isSmallMetric({ folder, sources, read }: Package): boolean {
  if (!basename(folder).startsWith("metric-")) return true;
  const lines = sources.flatMap((path) => (read(path) ?? "").split("\n"));
  return lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length <= MOST_LINES;
}

/** The headings that a plugin's README also needs. */
const PLUGIN_HEADINGS = ["Config", "Options", "Permissions", "Errors"];

/** Every way in which a published package differs from the others. */
export function skeletonFaults(one: Package): string[] {
  if (one.manifest.private === true) return [];
  const rules = [...RULES, ...(one.read("README.md") === undefined ? [] : readmeRules(one))];
  return rules
    .filter(([, holds]) => !holds(one))
    .map(([expected]) => `${one.folder}: expected ${expected}`);
}

function readmeRules({ role }: Package): Rule[] {
  const headings = role === "plugin" ? PLUGIN_HEADINGS : [];
  return [
    ...README,
    ...headings.map((heading): Rule => [
      `"## ${heading}" in README.md`,
      (one) => readmeHas(one, `\n## ${heading}\n`),
    ]),
  ];
}

function nameOf(folder: string): string {
  return `@microscaling/${basename(folder)}`;
}

function readmeHas({ read }: Package, text: string): boolean {
  return (read("README.md") ?? "").includes(text);
}

/** Node tries conditions from the top down, so `default` comes last. */
function exportsAre(exports: Manifest["exports"]): boolean {
  const conditions = Object.keys(Object(exports?.["."]));
  return (
    conditions.join() === "@microscaling/source,types,default" &&
    exports?.["./package.json"] !== undefined
  );
}

function publishesNoSources({ publishConfig }: Manifest): boolean {
  const published = JSON.stringify(publishConfig?.exports ?? "/src/");
  return !published.includes("@microscaling/source") && !published.includes("/src/");
}
