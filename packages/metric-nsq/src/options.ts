import { durationPattern, parseDuration, type StandardSchema } from "@microscaling/core";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. */
export interface NsqOptions {
  /** HTTP addresses of nsqds. */
  readonly nsqd?: readonly string[] | undefined;
  /** HTTP addresses of nsqlookupds that know the nsqds. */
  readonly lookupd?: readonly string[] | undefined;
  /** How often the nsqlookupds are asked again: a duration. */
  readonly lookupdRefresh: string;
  /** Whether the nsqds that answer are enough. */
  readonly partial: boolean;
  /** Paths of PEM files. */
  readonly tls?: TlsFiles | undefined;
  readonly auth?: BasicAuth | undefined;
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What is sent as HTTP basic authentication. */
export interface BasicAuth {
  readonly username: string;
  readonly password: string;
}

/** Which queue a task looks at. */
export interface NsqQuery {
  readonly topic: string;
  readonly channel: string;
}

/** Whether `written` is `host:port` or an http(s) URL without credentials, query or fragment. */
export function isAddress(written: string): boolean {
  const hasScheme = written.includes("://");
  if (!hasScheme && !/^[^\s/@?#]+:\d+$/.test(written)) return false;
  const url = URL.parse(hasScheme ? written : `http://${written}`);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return `${url.username}${url.password}${url.search}${url.hash}` === "";
}

/** What {@link isAddress} wants, for messages. */
export const ADDRESS_FORM = "host:port, or an http:// or https:// URL without credentials";

const addresses = z
  .array(z.string().refine(isAddress, { error: `expected ${ADDRESS_FORM}` }))
  .min(1)
  .refine((list) => new Set(list).size === list.length, {
    error: "expected every address once, since each one's messages are added up",
  });

const tls = z
  .strictObject({
    ca: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file of the authority that signed the servers' certificates."),
    cert: z
      .string()
      .min(1)
      .optional()
      .describe("PEM file of the certificate to show to the servers."),
    key: z.string().min(1).optional().describe("PEM file of that certificate's key."),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "expected cert and key together",
    path: ["key"],
  });

const auth = z.strictObject({
  // RFC 7617: what follows the first colon is the password.
  username: z
    .string()
    .refine((name) => !name.includes(":"), { error: "expected no colon in it" })
    .describe("User name."),
  password: z.string().describe("Password; write it as a ${VARIABLE}."),
});

/** Checks a source under `metrics:`. */
export const options: StandardSchema<NsqOptions> = z
  .strictObject({
    nsqd: addresses
      .optional()
      .describe(
        "HTTP addresses of all nsqds, `host:port` or URL. Without it and without lookupd: NSQ_STATS_ENDPOINT, else 127.0.0.1:4151.",
      ),
    lookupd: addresses
      .optional()
      .describe("HTTP addresses of nsqlookupds, to find the nsqds by, instead of nsqd."),
    lookupdRefresh: z
      .string()
      .regex(durationPattern, { error: "expected a duration such as 60s" })
      .refine((text) => (parseDuration(text) ?? 0) >= 1000, { error: "expected at least 1s" })
      .default("60s")
      .describe("How often the nsqlookupds are asked again, at least 1s."),
    partial: z
      .boolean()
      .default(false)
      .describe("Add up the nsqds that answer, instead of failing when one does not."),
    tls: tls.optional().describe("Use HTTPS for addresses without a scheme, with these files."),
    auth: auth.optional().describe("HTTP basic authentication, for servers behind a proxy."),
  })
  .refine(({ nsqd, lookupd }) => nsqd === undefined || lookupd === undefined, {
    error: "expected nsqd or lookupd, not both",
    path: ["lookupd"],
  });

// As nsqd checks names: protocol.IsValidTopicName.
const name = z
  .string()
  .max(64)
  .regex(/^[.a-zA-Z0-9_-]+(#ephemeral)?$/, {
    error: "expected 1 to 64 letters, digits, dots, dashes or underscores, and perhaps #ephemeral",
  });

/** Checks a task's `metric:`. */
export const query: StandardSchema<NsqQuery> = z.strictObject({
  topic: name.describe("The topic."),
  channel: name.describe("The channel whose messages the task consumes."),
});
