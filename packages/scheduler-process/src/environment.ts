// Enough to find programs, the home folder and temporary files, and to know the language and time zone. Everything else in the agent's
// environment, above all its secrets, stays with the agent.
const EVERYONE = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"] as const;

/** The environment of an instance: a few of the agent's own variables, and those that its task declares. */
export function environmentOf(declared: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of EVERYONE) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...declared };
}

/** How to pass an environment through a shell that does not pass on all variables. */
export interface Passage {
  /** The environment of the shell. */
  readonly env: Readonly<Record<string, string>>;
  /** The shell code in front of the program and its arguments. */
  readonly prefix: string;
}

/** The names that a shell passes on. */
const USABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that a shell sets by itself. */
const ITS_OWN =
  /^(_|PWD|OLDPWD|SHLVL|IFS|PPID|OPT(IND|ARG|ERR)|LINENO|RANDOM|SECONDS|EPOCH\w+|E?UID|GROUPS|DIRSTACK|FUNCNAME|SHELLOPTS|BASH\w*|HISTCMD)$/;

/**
 * Passes variables that a shell would change or drop under another name. `env` then restores their own names. Their values are among the arguments
 * of `env` until it has become the program.
 */
export function passageOf(environment: Readonly<Record<string, string>>): Passage {
  const env: Record<string, string> = {};
  const carriers: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (USABLE.test(name) && !ITS_OWN.test(name)) {
      env[name] = value;
      continue;
    }
    const carrier = `MICROSCALING_ENV_${carriers.length}`;
    env[carrier] = `${name}=${value}`;
    carriers.push(carrier);
  }
  if (carriers.length === 0) return { env, prefix: "" };
  const unset = carriers.map((carrier) => `-u ${carrier}`);
  const set = carriers.map((carrier) => `"$${carrier}"`);
  return { env, prefix: ["/usr/bin/env", ...unset, "--", ...set].join(" ") };
}
