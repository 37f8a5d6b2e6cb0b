import type { Path } from "./places.ts";

/** Names of secrets, in YAML and in the environment: `password`, `clientSecret`, `API_TOKEN`, `DB_PASS`, `ACCOUNT_KEY`. */
const SECRET =
  /passw(?:or)?d|passphrase|secret|token|credential|connection_?string|(?:^|_)(?:pass|pwd|key)$|(?:api|access|account|private|shared)_?key$/i;
/** Names of the place or the owner of a secret: `tokenFile`, `AWS_ACCESS_KEY_ID`. Their values may be shown. */
const PLACE = /(?:file|path|folder|dir|url|uri|arn|name|id|host|endpoint)$/i;
/** A mistake does not show the values of these either, because people write `name:password` there. */
const USER = /^user(?:_?name)?$/i;

/** Whether a value with this name is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !PLACE.test(name);
}

/** Whether the value at `path`, which a plugin checks, is secret by its name. */
export function isSecretPath(path: Path): boolean {
  return nameAt(path, isSecretName);
}

/** Whether a mistake must not show the value at `path`, by its name. */
export function isHiddenPath(path: Path): boolean {
  return nameAt(path, (name) => isSecretName(name) || USER.test(name));
}

/** Users choose the names of tasks, sources and resources, so these names do not count. */
function nameAt(path: Path, test: (name: string) => boolean): boolean {
  const [root, , part] = path;
  const start = root === "scheduler" ? 1 : root === "metrics" ? 2 : 3;
  const isPlugins = start < 3 || (root === "tasks" && (part === "workload" || part === "metric"));
  if (!isPlugins) return false;
  const name = path.slice(start).findLast((key) => typeof key === "string");
  return name !== undefined && test(name);
}

const CREDENTIALS = /(:\/\/)[^/?#\s]*@/g;

/** Whether a text contains a URL with credentials. */
export function hasCredentials(text: string): boolean {
  return text.search(CREDENTIALS) >= 0;
}

/** The same text with the credentials of its URLs hidden. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, "$1[redacted]@");
}
