import type { PluginKind } from "../config/types.ts";

/** What a plugin's name in the config stands for. */
export interface PluginName {
  /** A path is relative to the config's folder; a package is looked for in `node_modules`. */
  readonly form: "path" | "package";
  /** What to resolve, the first that is there. */
  readonly specifiers: readonly string[];
}

/**
 * The table of short names, in this order: a path as it stands; `module:x` is the package `x`; a name with `@` in front or `/` in it
 * as it stands; else ours before the community's.
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

/** What a config would write for exactly the plugin that was found as `specifier`, whatever the form of its name. */
export function nameOf(specifier: string): string {
  return isPath(specifier) ? specifier : `module:${specifier}`;
}

function isPath(use: string): boolean {
  return /^\.{0,2}\//.test(use);
}

/** The kind and short name that a package's name tells; `undefined` for packages with other names. */
export function readPackageName(
  name: string,
): { readonly kind: PluginKind; readonly name: string } | undefined {
  const match = /^(?:@microscaling\/|microscaling-)(scheduler|metric)-(.+)$/.exec(name);
  if (match?.[2] === undefined) return undefined;
  return { kind: match[1] === "metric" ? "metric" : "scheduler", name: match[2] };
}
