import { hasCredentials, isSecretName } from "./secrets.ts";

/** A text after its `${NAME}` references were replaced. */
export interface Resolved {
  readonly text: string;
  /** The inserted values. */
  readonly values: readonly string[];
  /** The inserted values that must not be shown. */
  readonly secrets: readonly string[];
  /** The variables, for people; absent if nothing was inserted. */
  readonly from?: string;
  /** The mistakes, one line each. */
  readonly mistakes: readonly string[];
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Replaces `${NAME}` with the values of variables. `$${` stands for a literal `${`. */
export function resolveReferences(text: string, env: NodeJS.ProcessEnv): Resolved {
  if (!text.includes("${")) return { text, values: [], secrets: [], mistakes: [] };
  const values: string[] = [];
  const secrets: string[] = [];
  const names: string[] = [];
  const mistakes: string[] = [];
  const resolved = text.replace(REFERENCE, (found, name: string | undefined, end?: string) => {
    if (name === undefined) return "${";
    if (end !== "}" || !NAME.test(name)) {
      mistakes.push(
        `expected the name of a variable in \${…}, found ${JSON.stringify(found)}; write $\${ for a literal \${`,
      );
      return found;
    }
    const value = env[name];
    if (value === undefined) {
      mistakes.push(
        `the variable ${name} is not set; set it, or write $\${${name}} for the literal text`,
      );
      return found;
    }
    names.push(`\${${name}}`);
    values.push(value);
    if (isSecretName(name) || hasCredentials(value)) secrets.push(value);
    return value;
  });
  const from = names.length === 0 ? {} : { from: names.join(" and ") };
  return { text: resolved, values, secrets, mistakes, ...from };
}
