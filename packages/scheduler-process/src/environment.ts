// Enough to find programs, a home, a place for temporary files, and to know language and time zone. Everything else of the agent's
// environment, its secrets above all, stays with the agent.
const EVERYONE = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"] as const;

/** The environment of an instance: a few variables of the agent's own, and what its task declares. */
export function environmentOf(declared: Readonly<Record<string, string>>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of EVERYONE) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...declared };
}

/** How an environment passes a shell that would not hand on all of it. */
export interface Passage {
  /** What the shell gets. */
  readonly env: Readonly<Record<string, string>>;
  /** What the shell puts before the program and its arguments: words of its own language. */
  readonly prefix: string;
}

/** A shell hands on no variable whose name it cannot use. */
const USABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** These a shell sets as it likes. */
const ITS_OWN =
  /^(_|PWD|OLDPWD|SHLVL|IFS|PPID|OPT(IND|ARG|ERR)|LINENO|RANDOM|SECONDS|EPOCH\w+|E?UID|GROUPS|DIRSTACK|FUNCNAME|SHELLOPTS|BASH\w*|HISTCMD)$/;

/**
 * Variables that a shell would not hand on as they are travel under another name, and `env` gives them back their own. Their values are
 * among the arguments of `env` until it has become the program.
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
