import { durationPattern, formatDuration, parseDuration } from "@microscaling/core";
import * as z from "zod";
import type { TlsFiles } from "./files.ts";

/** A schema for an `http://` or `https://` URL without credentials, query and fragment. */
export function httpUrl(description: string): z.ZodType<string, string> {
  const form = "an http:// or https:// URL without credentials and query";
  return z
    .string()
    .refine(isHttpUrl, { error: withoutSecrets(form) })
    .describe(description);
}

/** Credentials in a URL must not be shown. The message says what was found, so that no caller adds the value. */
function withoutSecrets(form: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) =>
    /[@?#]/.test(String(input)) ? `expected ${form}, found one with them` : `expected ${form}`;
}

/** Whether `written` is what {@link httpUrl} accepts. */
export function isHttpUrl(written: string): boolean {
  const url = URL.parse(written);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return `${url.username}${url.password}${url.search}${url.hash}` === "";
}

/** What {@link isHttpAddress} accepts, for messages. */
export const HTTP_ADDRESS_FORM = "host:port, or an http:// or https:// URL without credentials";

/** Whether `written` is `host:port`, or a URL that {@link httpUrl} accepts. */
export function isHttpAddress(written: string): boolean {
  if (written.includes("://")) return isHttpUrl(written);
  return /^[^\s/@?#]+:\d+$/.test(written) && isHttpUrl(`http://${written}`);
}

/** A schema for a list of different addresses, `host:port` or URLs. */
export function httpAddresses(description: string): z.ZodType<string[], string[]> {
  return z
    .array(z.string().refine(isHttpAddress, { error: withoutSecrets(HTTP_ADDRESS_FORM) }))
    .min(1)
    .refine((list) => new Set(list).size === list.length, { error: "expected every address once" })
    .describe(description);
}

function file(description: string): z.ZodOptional<z.ZodString> {
  return z.string().min(1).optional().describe(description);
}

/** A schema for paths of PEM files. `cert` and `key` are only allowed together. */
export function tlsFiles(description: string): z.ZodType<TlsFiles, TlsFiles> {
  return z
    .strictObject({
      ca: file("A PEM file with the authority that signed the servers' certificates."),
      cert: file("A PEM file with the certificate to show to the servers."),
      key: file("A PEM file with the key of that certificate."),
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
      error: "expected cert and key together",
      path: ["key"],
    })
    .describe(description);
}

/** The user name and password of HTTP basic authentication. */
export interface BasicAuth {
  readonly username: string;
  readonly password: string;
}

/** A schema for a user name of HTTP basic authentication. */
export function username(description: string): z.ZodType<string, string> {
  // RFC 7617: the password follows the first colon.
  const error = "expected no colon in it";
  return z
    .string()
    .regex(/^[^:]*$/, { error })
    .describe(description);
}

/** A schema for an object with a user name and a password. */
export function basicAuth(description: string): z.ZodType<BasicAuth, BasicAuth> {
  return z
    .strictObject({ username: username("User name."), password: secret("Password.") })
    .describe(description);
}

/** A schema for a duration such as `500ms`, as text. `parseDuration` of core parses it. @param atLeastMs the shortest, in milliseconds. */
export function duration(description: string, atLeastMs: number = 0): z.ZodType<string, string> {
  const error = `expected at least ${formatDuration(atLeastMs)}`;
  return z
    .string()
    .regex(durationPattern, { error: "expected a duration such as 5s", abort: true })
    .refine((written) => (parseDuration(written) ?? 0) >= atLeastMs, { error })
    .describe(description);
}

/**
 * A schema for a text with a certain form.
 * @param expected what `form` accepts, for the message, such as `a region such as eu-west-1`.
 */
export function text(
  description: string,
  expected: string,
  form: RegExp | ((written: string) => boolean),
): z.ZodType<string, string> {
  const error = `expected ${expected}`;
  // A regular expression also becomes the `pattern` that editors go by.
  const schema =
    typeof form === "function"
      ? z.string().refine(form, { error })
      : z.string().regex(form, { error });
  return schema.describe(description);
}

/** A check for an object: at most one of these keys is set. The mistake is reported for the second key. */
export function atMostOne(...keys: readonly string[]): (payload: Payload) => void {
  return ({ value, issues }) => {
    const [first, second] = keys.filter((key) => Reflect.get(value, key) !== undefined);
    if (second === undefined) return;
    const last = keys.at(-1) ?? "";
    const choice = `${keys.slice(0, -1).join(", ")} or ${last}`;
    const message =
      keys.length === 2
        ? `expected either ${choice}, found both`
        : `expected only one of ${choice}, found ${first} and ${second}`;
    issues.push({ code: "custom", input: undefined, message, path: [second] });
  };
}

type Payload = z.core.ParsePayload<object>;

/**
 * A schema for a secret text: a password, a token or a key. The agent never shows it in a message or a log.
 * @param description the description. How to write the secret is added to it.
 * @param expected what `form` accepts, for the message, such as `a key in base64`.
 */
export function secret(
  description: string,
  expected: string = "a text",
  form: RegExp | ((written: string) => boolean | Promise<boolean>) = /^/,
): z.ZodType<string, string> {
  // The message says what was found, so that no caller adds the value.
  const error = `expected ${expected}, found something else`;
  // No `pattern` in the schema: what stands in the config is mostly a ${VARIABLE}.
  const isRight = typeof form === "function" ? form : (written: string) => form.test(written);
  return z
    .string({ error })
    .refine(isRight, { error })
    .meta({
      description: `${description} Write it as a \${VARIABLE}.`,
      writeOnly: true,
    });
}
