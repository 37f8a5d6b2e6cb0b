import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The part of a package.json that is checked. */
export interface Manifest {
  readonly name?: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly repository?: { readonly directory?: string };
  readonly type?: string;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly publishConfig?: { readonly access?: string; readonly exports?: object };
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The role of a package among the others. */
export type Role =
  | "core"
  | "engine"
  | "conformance"
  | "kit"
  | "plugin"
  | "simulator"
  | "agent"
  | "tool";

/** One package of the workspace. */
export interface Package {
  /** Relative to the checkout: `packages/core`. */
  readonly folder: string;
  readonly role: Role;
  readonly manifest: Manifest;
  /** The text of a file, by its path in the package; `undefined` if the file does not exist. */
  readonly read: (path: string) => string | undefined;
  /** Paths of the sources. */
  readonly sources: readonly string[];
}

const ROLES: readonly (readonly [RegExp, Role])[] = [
  [/^core$/, "core"],
  [/^engine$/, "engine"],
  [/^conformance$/, "conformance"],
  [/^plugin-kit$/, "kit"],
  [/^(scheduler|metric)-/, "plugin"],
  [/^simulator$/, "simulator"],
  [/^agent$/, "agent"],
];

/** Reads every package under `packages/` and `apps/` of a checkout. A package with no known role is a tool of the repo. */
export function readPackages(root: string): Package[] {
  return globSync("{packages,apps}/*/package.json", { cwd: root })
    .toSorted()
    .map((file) => readPackage(root, dirname(file)));
}

function readPackage(root: string, folder: string): Package {
  const home = join(root, folder);
  const read = (path: string): string | undefined =>
    existsSync(join(home, path)) ? readFileSync(join(home, path), "utf8") : undefined;
  return {
    folder,
    role: ROLES.find(([names]) => names.test(basename(folder)))?.[1] ?? "tool",
    manifest: JSON.parse(read("package.json") ?? "{}") as Manifest,
    read,
    sources: globSync("{src,bin}/**/*.{ts,js}", { cwd: home }),
  };
}
