import type { Path } from "./places.ts";

/** Names of secrets, in YAML and in the environment: `password`, `clientSecret`, `API_TOKEN`, `DB_PASS`, `ACCOUNT_KEY`. */
const SECRET =
  /passw(?:or)?d|passphrase|secret|token|credential|connection_?string|(?:^|_)(?:pass|pwd|key)$|(?:api|access|account|private|shared)_?key$/i;
/** Names of where a secret is, or whose it is: `tokenFile`, `AWS_ACCESS_KEY_ID`. These may be shown. */
const PLACE = /(?:file|path|folder|dir|url|uri|arn|name|id|host|endpoint)$/i;
/** In a mistake not even these are shown: people write `name:password` there. */
const USER = /^user(?:_?name)?$/i;

/** Whether what is called `name` is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !PLACE.test(name);
}

/** Whether the name of the value at `path`, which a plugin checks, says that it is secret. */
export function isSecretPath(path: Path): boolean {
  return nameAt(path, isSecretName);
}

/** Whether a mistake may not show the value at `path`, by its name. */
export function isHiddenPath(path: Path): boolean {
  return nameAt(path, (name) => isSecretName(name) || USER.test(name));
}

/** Names of tasks, sources and resources are the user's own and say nothing. */
function nameAt(path: Path, test: (name: string) => boolean): boolean {
  const [root, , part] = path;
  const start = root === "scheduler" ? 1 : root === "metrics" ? 2 : 3;
  const isPlugins = start < 3 || (root === "tasks" && (part === "workload" || part === "metric"));
  if (!isPlugins) return false;
  const name = path.slice(start).findLast((key) => typeof key === "string");
  return name !== undefined && test(name);
}

const CREDENTIALS = /(:\/\/)[^/?#\s]*@/g;

/** Whether a text has a URL with credentials in it. */
export function hasCredentials(text: string): boolean {
  return text.search(CREDENTIALS) >= 0;
}

/** The same text with the credentials of its URLs hidden. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(CREDENTIALS, "$1[redacted]@");
}
