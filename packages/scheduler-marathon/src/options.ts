import type { StandardSchema } from "@microscaling/core";
import {
  atMostOne,
  httpUrl,
  secret,
  tlsFiles,
  username,
  type TlsFiles,
} from "@microscaling/plugin-kit";
import * as z from "zod";

/** The address of the Marathon, and the credentials. */
export interface MarathonOptions {
  /** Masters of one cluster, in the order of the attempts. */
  readonly url: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  readonly dcos?: DcosOptions | undefined;
  /** Paths of PEM files. */
  readonly tls?: TlsFiles | undefined;
}

/** A service account of DC/OS. */
export interface DcosOptions {
  /** Path of the account's secret. */
  readonly serviceAccount: string;
  readonly uid?: string | undefined;
  readonly loginUrl?: string | undefined;
}

/** The app that a task scales. */
export interface MarathonWorkload {
  /** The app's id. Default: the task's name. */
  readonly app?: string | undefined;
  /** Whether to cancel a deployment that locks the app, instead of waiting for it. */
  readonly force: boolean;
  /** Which instances to stop first. Default: the app's `killSelection`. */
  readonly kill?: "newest" | "oldest" | undefined;
}

const url = httpUrl("Marathon's URL.");

const dcos = z.strictObject({
  serviceAccount: z
    .string()
    .min(1)
    .describe(
      "The path of a file with the service account's secret: its JSON with uid and private_key, or only the private key in PEM.",
    ),
  uid: z
    .string()
    .min(1)
    .optional()
    .describe("The id of the account, if the file does not have it."),
  loginUrl: httpUrl(
    "Where to log in. Default: /acs/api/v1/auth/login on the host of `url`.",
  ).optional(),
});

/** Checks `scheduler:` of a config that uses marathon. */
export const optionsSchema: StandardSchema<MarathonOptions> = z
  .strictObject({
    url: z
      .union([
        url.transform((one) => [one]),
        z
          .array(url)
          .min(1)
          .refine((list) => new Set(list).size === list.length, {
            error: "expected every master once",
          }),
      ])
      .default(["http://localhost:8080"])
      .describe(
        "Marathon's URL, or a list of the masters of one cluster. Behind DC/OS's gateway: https://master/service/marathon.",
      ),
    username: username("User name, for HTTP basic authentication.").optional(),
    password: secret("Password.").optional(),
    token: secret("DC/OS authentication token.", "a token", /./).optional(),
    dcos: dcos.optional().describe("The DC/OS service account to log in with."),
    tls: tlsFiles("The files for HTTPS.").optional(),
  })
  .refine((options) => (options.username === undefined) === (options.password === undefined), {
    path: ["password"],
    error: "expected username and password together",
  })
  .check(atMostOne("username", "token", "dcos"));

/** Names with slashes between them: lowercase letters, digits, dots and inner dashes. The last name must not be a word of the API. */
export const appIdPattern: RegExp =
  /^\/?([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)*(?!(restart|tasks|versions)$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<MarathonWorkload> = z.strictObject({
  app: z
    .string()
    .regex(appIdPattern, { error: 'expected the id of an app, such as "/prod/worker"' })
    .optional()
    .describe("The id of the app with its groups, such as /prod/worker. Default: the task's name."),
  force: z
    .boolean()
    .default(false)
    .describe("Whether to cancel any deployment that locks the app, instead of waiting for it."),
  kill: z
    .enum(["newest", "oldest"])
    .optional()
    .describe("Which instances stop first. Default: as the app's killSelection says."),
});
