import type { Package, Role } from "./packages.ts";

/** The packages of this repo that the sources of each role may use. Nothing may use a plugin: the config names it. */
const MAY_USE: Readonly<Record<Role, readonly string[]>> = {
  core: [],
  engine: ["core"],
  conformance: ["core"],
  kit: ["core"],
  plugin: ["core", "plugin-kit"],
  simulator: ["core", "engine"],
  agent: ["core", "engine", "simulator"],
  tool: ["core"],
};

const SCOPE = "@microscaling/";
/** The host provides core, so that plugin and host share one copy of it. */
const HOST = `${SCOPE}core`;
const IMPORT = /(?:from|import)\s*\(?\s*["'](@microscaling\/[\w-]+)/g;

/** Every dependency or import that is not allowed. */
export function dependencyFaults(one: Package): string[] {
  const allowed = new Set(MAY_USE[one.role].map((name) => SCOPE + name));
  const isWrong = (name: string): boolean =>
    name.startsWith(SCOPE) && name !== one.manifest.name && !allowed.has(name);
  return [...declaredFaults(one, isWrong), ...importFaults(one, isWrong), ...hostFaults(one)];
}

function declaredFaults({ folder, manifest }: Package, isWrong: (name: string) => boolean) {
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  return Object.keys(declared)
    .filter(isWrong)
    .map((name) => `${folder}/package.json: must not depend on ${name}`);
}

function importFaults({ folder, sources, read }: Package, isWrong: (name: string) => boolean) {
  return sources.flatMap((path) =>
    [...(read(path) ?? "").matchAll(IMPORT)]
      .map(([, name = ""]) => name)
      .filter(isWrong)
      .map((name) => `${folder}/${path}: must not import ${name}`),
  );
}

function hostFaults({ folder, role, manifest }: Package): string[] {
  const faults: string[] = [];
  const has = (list: object | undefined): boolean => HOST in (list ?? {});
  if (role === "core" && Object.keys(manifest.dependencies ?? {}).length > 0) {
    faults.push(`${folder}/package.json: core has no dependencies`);
  }
  if (role !== "plugin" && role !== "kit") return faults;
  if (has(manifest.dependencies))
    faults.push(`${folder}/package.json: ${HOST} is a peer, not a dependency`);
  if (!has(manifest.peerDependencies))
    faults.push(`${folder}/package.json: ${HOST} is missing from peerDependencies`);
  if (!has(manifest.devDependencies))
    faults.push(`${folder}/package.json: ${HOST} is missing from devDependencies`);
  return faults;
}
