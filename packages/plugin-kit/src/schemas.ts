import { durationPattern, formatDuration, parseDuration } from "@microscaling/core";
import * as z from "zod";
import type { TlsFiles } from "./files.ts";

/** An `http://` or `https://` URL, in which no credentials, query or fragment may hide. */
export function httpUrl(description: string): z.ZodType<string, string> {
  const form = "an http:// or https:// URL without credentials and query";
  return z
    .string()
    .refine(isHttpUrl, { error: withoutSecrets(form) })
    .describe(description);
}

/** Credentials that stand in a URL must not be shown: these words say what was found, so that nobody adds the value to them. */
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

/** What {@link isHttpAddress} wants, for messages. */
export const HTTP_ADDRESS_FORM = "host:port, or an http:// or https:// URL without credentials";

/** Whether `written` is `host:port`, or a URL that {@link httpUrl} accepts. */
export function isHttpAddress(written: string): boolean {
  if (written.includes("://")) return isHttpUrl(written);
  return /^[^\s/@?#]+:\d+$/.test(written) && isHttpUrl(`http://${written}`);
}

/** A list of addresses, `host:port` or URLs, each of them once. */
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

/** Paths of PEM files, `cert` and `key` together. */
export function tlsFiles(description: string): z.ZodType<TlsFiles, TlsFiles> {
  return z
    .strictObject({
      ca: file("PEM file of the authority that signed the servers' certificates."),
      cert: file("PEM file of the certificate to show to the servers."),
      key: file("PEM file of that certificate's key."),
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
      error: "expected cert and key together",
      path: ["key"],
    })
    .describe(description);
}

/** User name and password of HTTP basic authentication. */
export interface BasicAuth {
  readonly username: string;
  readonly password: string;
}

/** A user name for HTTP basic authentication. */
export function username(description: string): z.ZodType<string, string> {
  // RFC 7617: what follows the first colon is the password.
  const error = "expected no colon in it";
  return z
    .string()
    .regex(/^[^:]*$/, { error })
    .describe(description);
}

/** User name and password, as an object of their own. */
export function basicAuth(description: string): z.ZodType<BasicAuth, BasicAuth> {
  return z
    .strictObject({ username: username("User name."), password: secret("Password.") })
    .describe(description);
}

/** A duration such as `500ms`, as text: `parseDuration` of core reads it. @param atLeastMs the shortest, in milliseconds. */
export function duration(description: string, atLeastMs: number = 0): z.ZodType<string, string> {
  const error = `expected at least ${formatDuration(atLeastMs)}`;
  return z
    .string()
    .regex(durationPattern, { error: "expected a duration such as 5s", abort: true })
    .refine((written) => (parseDuration(written) ?? 0) >= atLeastMs, { error })
    .describe(description);
}

/**
 * A text of a certain form.
 * @param expected what `form` accepts, for the message: `a region such as eu-west-1`.
 */
export function text(
  description: string,
  expected: string,
  form: RegExp | ((written: string) => boolean),
): z.ZodType<string, string> {
  return z
    .string()
    .refine((written) => fits(written, form), { error: `expected ${expected}` })
    .describe(description);
}

/** For `check` of an object: that at most one of these keys is there. The mistake is that of the second one. */
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
 * A text that is secret: a password, a token, a key. The agent shows nothing of it, in no message and no log.
 * @param description what it is; how to write it is added.
 * @param expected what `form` accepts, for the message: `a key in base64`.
 */
export function secret(
  description: string,
  expected: string = "a text",
  form: RegExp | ((written: string) => boolean | Promise<boolean>) = /^/,
): z.ZodType<string, string> {
  // These words say what was found, so that nobody adds the value to them.
  const error = `expected ${expected}, found something else`;
  return z
    .string({ error })
    .refine((written) => fits(written, form), { error })
    .meta({ description: `${description} Write it as a \${VARIABLE}.`, writeOnly: true });
}

function fits<T>(written: string, form: RegExp | ((written: string) => T)): T | boolean {
  return typeof form === "function" ? form(written) : form.test(written);
}
