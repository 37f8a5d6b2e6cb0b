import type { PluginKind } from "../config/types.ts";

/** The plugins of this project, by short name: packages that exist, whether or not they are installed. */
export const KNOWN_PLUGINS = {
  scheduler: ["docker", "kubernetes", "marathon", "process", "toy"],
  metric: ["nsq", "sqs", "azure-queue", "toy"],
} as const satisfies Readonly<Record<PluginKind, readonly string[]>>;

/** Whether this project has a plugin of that name. */
export function isKnownPlugin(kind: PluginKind, name: string): boolean {
  const names: readonly string[] = KNOWN_PLUGINS[kind];
  return names.includes(name);
}
