import type { StandardSchema } from "@microscaling/core";
import { z } from "zod";

/** Which Docker Engine to use, and how. Without an address, uses `DOCKER_HOST` or the default socket, as the `docker` command does. */
export interface DockerOptions {
  readonly socketPath?: string | undefined;
  readonly host?: string | undefined;
  /** The paths of PEM files. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly concurrency: number;
}

const file = (what: string): z.ZodString => z.string().min(1).describe(what);

/** Checks `scheduler:` of a config with docker. */
export const optionsSchema: StandardSchema<DockerOptions> = z
  .strictObject({
    socketPath: file(
      "The Unix socket of the Docker Engine, or its named pipe on Windows.",
    ).optional(),
    host: z
      .string()
      .regex(/^(unix|tcp|http|https|ssh):\/\/\S+$/, {
        error:
          'expected "unix://path", "tcp://host:port", "https://host:port" or "ssh://user@host"',
      })
      .describe(
        "The address of the Docker Engine: unix://path, tcp://host:port, https://host:port or ssh://user@host.",
      )
      .optional(),
    tls: z
      .strictObject({
        ca: file("A PEM file with the certificate authority that signed the engine's certificate."),
        cert: file("A PEM file with the client's certificate."),
        key: file("A PEM file with the client's private key."),
      })
      .describe("The TLS files, for a host that uses TCP.")
      .optional(),
    concurrency: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe("How many containers start at the same time. Four times as many may be stopping."),
  })
  .refine((options) => options.socketPath === undefined || options.host === undefined, {
    path: ["host"],
    error: "expected either socketPath or host, found both",
  })
  .refine((options) => options.tls === undefined || /^(tcp|https):/.test(options.host ?? ""), {
    path: ["tls"],
    error: "expected a host such as tcp://docker.example:2376 to go with it",
  });
