// Enough to find programs, a home, a place for temporary files, and to know language and time zone. Everything else of the agent's
// environment, its secrets above all, stays with the agent.
const EVERYONE = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"] as const;

/** The environment of an instance: a few variables of the agent's own, and what its task declares. */
export function environmentOf(declared: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const name of EVERYONE) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...declared };
}
