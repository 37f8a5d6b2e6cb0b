import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { dependencyFaults } from "../direction/dependencies.ts";
import { readPackages, type Manifest, type Package } from "../direction/packages.ts";
import { skeletonFaults } from "../direction/skeleton.ts";

const root = new URL("../..", import.meta.url).pathname;

const plugin: Manifest = {
  name: "@microscaling/metric-x",
  description: "x",
  license: "Apache-2.0",
  repository: { directory: "packages/metric-x" },
  type: "module",
  files: ["dist"],
  exports: {
    ".": {
      "@microscaling/source": "./src/index.ts",
      types: "./dist/index.d.ts",
      default: "./dist/index.js",
    },
    "./package.json": "./package.json",
  },
  publishConfig: { access: "public", exports: { ".": { types: "./dist/index.d.ts" } } },
  engines: { node: ">=22.19" },
  peerDependencies: { "@microscaling/core": "workspace:^" },
  devDependencies: { "@microscaling/core": "workspace:^" },
};
const files: Record<string, string> = {
  LICENSE: "",
  "README.md":
    "# @microscaling/metric-x\n\nnpm install @microscaling/metric-x\n\n## Config\n\n## Options\n\n## Permissions\n\n## Errors\n",
  "src/index.ts": 'import { defineMetric } from "@microscaling/core";',
};

function packageWith(
  change: Partial<Package>,
  changedFiles: Record<string, string | undefined> = {},
): Package {
  const all = { ...files, ...changedFiles };
  return {
    folder: "packages/metric-x",
    role: "plugin",
    manifest: plugin,
    sources: ["src/index.ts"],
    read: (path) => all[path],
    ...change,
  };
}
const faultsOf = (one: Package): string[] => [...dependencyFaults(one), ...skeletonFaults(one)];
const withManifest = (change: object): Package =>
  packageWith({ manifest: { ...plugin, ...change } });

describe("direction", () => {
  it("finds no fault in a good plugin", () => {
    expect(faultsOf(packageWith({}))).toEqual([]);
  });

  it("finds every package of this checkout, and knows the plugins among them", () => {
    const roles = new Map(readPackages(root).map(({ folder, role }) => [folder, role]));
    expect(roles.get("packages/core")).toBe("core");
    expect(roles.get("apps/agent")).toBe("agent");
    expect(roles.get("packages/metric-nsq")).toBe("plugin");
    expect(roles.get("packages/scheduler-docker")).toBe("plugin");
  });

  it.each([
    ["the engine", 'import { decide } from "@microscaling/engine";', "@microscaling/engine"],
    [
      "another plugin, late",
      'await import("@microscaling/scheduler-toy");',
      "@microscaling/scheduler-toy",
    ],
    [
      "another plugin, for its side effects",
      'import "@microscaling/scheduler-toy";',
      "@microscaling/scheduler-toy",
    ],
    ["a type, re-exported", "export type { X } from '@microscaling/agent';", "@microscaling/agent"],
  ])("refuses a plugin that imports %s", (_, source, name) => {
    const faults = faultsOf(packageWith({}, { "src/index.ts": source }));
    expect(faults).toEqual([`packages/metric-x/src/index.ts: must not import ${name}`]);
  });

  it.each(["core", "engine", "conformance", "agent", "tool"] as const)(
    "refuses a plugin in %s",
    (role) => {
      const one = packageWith(
        { role, manifest: { dependencies: { "@microscaling/metric-y": "*" } } },
        { "src/index.ts": 'import y from "@microscaling/metric-y";' },
      );
      expect(dependencyFaults(one)).toEqual(
        expect.arrayContaining([
          "packages/metric-x/package.json: must not depend on @microscaling/metric-y",
          "packages/metric-x/src/index.ts: must not import @microscaling/metric-y",
        ]),
      );
    },
  );

  it("refuses any dependency in core", () => {
    const one = packageWith(
      { role: "core", manifest: { dependencies: { zod: "*" } } },
      { "src/index.ts": "" },
    );
    expect(dependencyFaults(one)).toEqual([
      "packages/metric-x/package.json: core has no dependencies",
    ]);
  });

  it.each([
    [{ peerDependencies: {} }, "@microscaling/core is missing from peerDependencies"],
    [{ devDependencies: {} }, "@microscaling/core is missing from devDependencies"],
    [
      { dependencies: { "@microscaling/core": "*" } },
      "@microscaling/core is a peer, not a dependency",
    ],
  ])("wants core as peer and development dependency of a plugin: %j", (change, fault) => {
    expect(faultsOf(withManifest(change))).toEqual([`packages/metric-x/package.json: ${fault}`]);
  });
});

describe("node scripts/direction.ts", () => {
  it("names each fault and ends with 1", () => {
    const folder = mkdtempSync(join(tmpdir(), "microscaling-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, "packages/metric-x/src"), { recursive: true });
    writeFileSync(join(folder, "packages/metric-x/package.json"), JSON.stringify(plugin));
    writeFileSync(join(folder, "packages/metric-x/src/index.ts"), 'import "@microscaling/engine";');
    const args = [join(root, "scripts/direction.ts"), folder];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toContain(
      "packages/metric-x/src/index.ts: must not import @microscaling/engine",
    );
    expect(stdout).toContain("packages/metric-x: expected a README.md");
    expect(status).toBe(1);
  });
});

describe("skeleton", () => {
  it.each([
    [
      { name: "metric-x" },
      ["the name @microscaling/<folder>", "the package's name as title", "the install command"],
    ],
    [{ license: "MIT" }, ["the license Apache-2.0"]],
    [{ repository: {} }, ["repository.directory"]],
    [{ type: "commonjs" }, ["type: module"]],
    [{ engines: {} }, ["engines.node"]],
    [{ files: ["src"] }, ["files with dist"]],
    [{ exports: { ".": "./dist/index.js" } }, ["exports with types and default"]],
    [{ publishConfig: { access: "public" } }, ["publishConfig.exports without sources"]],
    [{ publishConfig: { exports: {} } }, ["publishConfig.access: public"]],
    [{ description: "" }, ["a description"]],
  ])("is the same everywhere: %j", (change, expected) => {
    expect(skeletonFaults(withManifest(change))).toEqual(
      expected.map((what) => `packages/metric-x: expected ${what}`),
    );
  });

  it.each([
    [250, []],
    [
      251,
      ["packages/metric-x: expected a metric of at most 250 lines of code: plugins share the kit"],
    ],
  ])("counts %i lines of a metric's code, without comments and empty lines", (lines, expected) => {
    const comments = "\n  // One.\n/** Two. */\n * Three.\n";
    const code = "const x = 1;\n".repeat(lines);
    expect(skeletonFaults(packageWith({}, { "src/index.ts": comments + code }))).toEqual(expected);
  });

  it("wants LICENSE and README.md", () => {
    const one = packageWith({}, { LICENSE: undefined, "README.md": undefined });
    expect(skeletonFaults(one)).toEqual([
      "packages/metric-x: expected a LICENSE",
      "packages/metric-x: expected a README.md",
    ]);
  });

  it.each(["Config", "Options", "Permissions", "Errors"])(
    "wants %s in a plugin's README",
    (heading) => {
      const readme = files["README.md"]?.replace(`## ${heading}\n`, "");
      const expected = [`packages/metric-x: expected "## ${heading}" in README.md`];
      expect(skeletonFaults(packageWith({}, { "README.md": readme }))).toEqual(expected);
    },
  );

  it("asks nothing of a private package", () => {
    expect(skeletonFaults(withManifest({ private: true, name: "x" }))).toEqual([]);
  });
});
