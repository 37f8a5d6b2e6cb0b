import type { StandardSchema } from "@microscaling/core";
import { z } from "zod";

/** Which Docker Engine, and how hard to press it. All absent: as the `docker` command does, by `DOCKER_HOST` or the usual socket. */
export interface DockerOptions {
  readonly socketPath?: string | undefined;
  readonly host?: string | undefined;
  /** Files with PEM. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly concurrency: number;
}

const file = (what: string): z.ZodString => z.string().min(1).describe(what);

/** Checks `scheduler:` of a config that uses docker. */
export const optionsSchema: StandardSchema<DockerOptions> = z
  .strictObject({
    socketPath: file("The Docker Engine's Unix socket, or its named pipe on Windows.").optional(),
    host: z
      .string()
      .regex(/^(unix|tcp|http|https|ssh):\/\/\S+$/, {
        error:
          'expected "unix://path", "tcp://host:port", "https://host:port" or "ssh://user@host"',
      })
      .describe(
        "The Docker Engine's address: unix://path, tcp://host:port, https://host:port or ssh://user@host.",
      )
      .optional(),
    tls: z
      .strictObject({
        ca: file("File with the certificate authority that signed the engine's certificate."),
        cert: file("File with the client's certificate."),
        key: file("File with the client's private key."),
      })
      .describe("How to prove who is who, for a host that is reached by TCP.")
      .optional(),
    concurrency: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe(
        "How many containers are started at the same time; four times as many may be stopping.",
      ),
  })
  .refine((options) => options.socketPath === undefined || options.host === undefined, {
    path: ["host"],
    error: "expected either socketPath or host, found both",
  })
  .refine((options) => options.tls === undefined || /^(tcp|https):/.test(options.host ?? ""), {
    path: ["tls"],
    error: "expected a host such as tcp://docker.example:2376 to go with it",
  });
