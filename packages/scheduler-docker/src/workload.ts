import {
  amountPattern,
  durationPattern,
  parseAmount,
  parseDuration,
  type StandardSchema,
} from "@microscaling/core";
import { z } from "zod";

import { parsePort } from "./ports.ts";

/** The checked `workload:` of a task. */
export interface DockerWorkload {
  readonly image: string;
  readonly name?: string | undefined;
  readonly pull: "always" | "missing" | "never";
  readonly auth?: RegistryAuth | undefined;
  readonly command?: readonly string[] | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly envFile?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly network?: string | undefined;
  readonly ports: readonly string[];
  readonly publishAllPorts: boolean;
  readonly volumes: readonly string[];
  readonly user?: string | undefined;
  /** The number of CPUs, such as 0.5. */
  readonly cpus?: number | undefined;
  /** Memory in bytes. */
  readonly memory?: number | undefined;
  readonly stop: { readonly signal?: string | undefined; readonly graceMs: number };
  readonly victims: "newest" | "oldest";
  readonly removeVolumes: boolean;
}

/** The credentials of the registry. */
export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly server?: string | undefined;
}

/** Docker refuses less than 6 MiB. This also catches `512m`, which is half a byte here but 512 megabytes for the `docker` command. */
const LEAST_MEMORY = 6 * 2 ** 20;

const text = z.string().min(1);
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const amount = z
  .union([z.number().min(0), z.string().regex(amountPattern)])
  .transform((written) => parseAmount(written) ?? Number.NaN);

const duration = z
  .string()
  .regex(durationPattern, { error: 'expected a duration such as "500ms", "10s" or "1m"' })
  .transform((written) => parseDuration(written) ?? Number.NaN);

const volume = text.refine((written) => /^([^:]+:)?\/[^:]*(:[^:]+)?$/.test(written), {
  error: 'expected "name:/path" or "/host:/path", with or without ":ro", or "/path"',
});

const port = z
  .union([z.string(), z.int()])
  .transform(String)
  .refine((written) => parsePort(written) !== undefined, {
    error:
      'expected a port such as "8080:80", "8000-8010:80", "127.0.0.1:8080:80", "53:53/udp" or "80"',
  });

const auth = z.strictObject({
  username: text.describe("The user name for the registry."),
  password: text.describe("The password or token. Write ${NAME} to take it from the environment."),
  server: text
    .describe("The address of the registry, if the image's name does not have it.")
    .optional(),
});

const stop = z
  .strictObject({
    signal: z
      .string()
      .regex(/^(SIG)?[A-Z]+\d*([+-]\d+)?$/, { error: 'expected a signal such as "SIGTERM"' })
      .describe(
        "The signal that asks an instance to end. Default: the image's own, usually SIGTERM.",
      )
      .optional(),
    grace: duration
      .prefault("10s")
      .describe(
        "How long an instance may take to end before it is killed, such as 10s. Docker uses whole seconds.",
      ),
  })
  .transform(({ signal, grace }) => ({ signal, graceMs: grace }));

/** Checks a task's `workload:`. */
export const workloadSchema: StandardSchema<DockerWorkload> = z.strictObject({
  image: text.describe("The image, with its tag or digest."),
  name: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/)
    .describe("Containers are named <name>-1, <name>-2, …. Without this, Docker chooses the names.")
    .optional(),
  pull: z
    .enum(["always", "missing", "never"])
    .default("missing")
    .describe("When to pull the image: each time the agent starts, if it is missing, or never."),
  auth: auth.describe("The credentials of the registry, if it needs any.").optional(),
  command: z.array(z.string()).min(1).describe("The command and its arguments.").optional(),
  entrypoint: z.array(z.string()).min(1).describe("Replaces the image's entrypoint.").optional(),
  env: z
    .record(z.string().regex(/^[^=\s]+$/), scalar)
    .default({})
    .describe("Environment variables. The agent's own environment is not passed on."),
  envFile: text
    .describe("A file of NAME=value lines, read at each start. `env` overrides it.")
    .optional(),
  labels: z.record(text, scalar).default({}).describe("Additional labels for the containers."),
  network: text.describe("The network: host, bridge, none, or the name of a network.").optional(),
  ports: z
    .array(port)
    .default([])
    .describe(
      "Ports to publish: 8080:80, 8000-8010:80 (each instance gets a free port of the range), or 80 (any free port).",
    ),
  publishAllPorts: z
    .boolean()
    .default(false)
    .describe("Publish every port that the image exposes, on free host ports."),
  volumes: z.array(volume).default([]).describe("Volumes: name:/path, /host:/path:ro, or /path."),
  user: text.describe("The user, or user:group, to run as.").optional(),
  cpus: amount.describe("The most CPU an instance may use: 0.5, or 250m.").optional(),
  memory: amount
    .refine((bytes) => bytes >= LEAST_MEMORY, {
      error: "expected at least 6Mi; write megabytes as 512Mi or 512M",
    })
    .describe("The most memory an instance may use: 512Mi.")
    .optional(),
  stop: stop.prefault({}).describe("How an instance is stopped."),
  victims: z
    .enum(["newest", "oldest"])
    .default("newest")
    .describe("Which instances stop first. Unhealthy instances always stop first."),
  removeVolumes: z
    .boolean()
    .default(true)
    .describe(
      "Whether to remove an instance's anonymous volumes with it. Named volumes always stay.",
    ),
});
