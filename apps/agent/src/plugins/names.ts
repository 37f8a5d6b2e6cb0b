import type { PluginKind } from "../config/types.ts";

/** The meaning of a plugin's name in the config. */
export interface PluginName {
  /** A path is relative to the config's folder; a package is looked for in `node_modules`. */
  readonly form: "path" | "package";
  /** The specifiers to try in order. The first that exists is used. */
  readonly specifiers: readonly string[];
}

/**
 * Resolves a name by these rules, in this order. A path is used as written. `module:x` is the package `x`. A name with a leading `@` or with a `/`
 * is used as written. For other names, a package of this project comes before a community package.
 */
export function expandName(kind: PluginKind, use: string): PluginName {
  if (isPath(use)) return { form: "path", specifiers: [use] };
  if (use.startsWith("module:"))
    return { form: "package", specifiers: [use.slice("module:".length)] };
  if (use.startsWith("@") || use.includes("/")) return { form: "package", specifiers: [use] };
  return {
    form: "package",
    specifiers: [`@microscaling/${kind}-${use}`, `microscaling-${kind}-${use}`],
  };
}

/** The name that a config must use for exactly the plugin that was found as `specifier`. */
export function nameOf(specifier: string): string {
  return isPath(specifier) ? specifier : `module:${specifier}`;
}

function isPath(use: string): boolean {
  return /^\.{0,2}\//.test(use);
}

/** The kind and short name of a package, by its name; `undefined` for packages with other names. */
export function readPackageName(
  name: string,
): { readonly kind: PluginKind; readonly name: string } | undefined {
  const match = /^(?:@microscaling\/|microscaling-)(scheduler|metric)-(.+)$/.exec(name);
  if (match?.[2] === undefined) return undefined;
  return { kind: match[1] === "metric" ? "metric" : "scheduler", name: match[2] };
}
