import type { StandardSchema } from "@microscaling/core";
import {
  atMostOne,
  basicAuth,
  duration,
  httpAddresses,
  text,
  tlsFiles,
} from "@microscaling/plugin-kit";
import type { BasicAuth, TlsFiles } from "@microscaling/plugin-kit";
import * as z from "zod";

/** A metric source of this plugin, as written under `metrics:`. */
export interface Options {
  readonly nsqd?: readonly string[] | undefined;
  readonly lookupd?: readonly string[] | undefined;
  /** How often the nsqlookupds are asked again: a duration. */
  readonly lookupdRefresh: string;
  /** Whether the nsqds that answer are enough. */
  readonly partial: boolean;
  readonly tls?: TlsFiles | undefined;
  readonly auth?: BasicAuth | undefined;
}

/** The queue that a task reads. */
export interface Query {
  readonly topic: string;
  readonly channel: string;
}

const NSQD = "HTTP addresses of all nsqds. Default: NSQ_STATS_ENDPOINT, else 127.0.0.1:4151.";

/** Checks a source under `metrics:`. */
export const options: StandardSchema<Options> = z
  .strictObject({
    nsqd: httpAddresses(NSQD).optional(),
    lookupd: httpAddresses("HTTP addresses of nsqlookupds that know the nsqds.").optional(),
    lookupdRefresh: duration("How often to ask the nsqlookupds; at least 1s.", 1000).default("60s"),
    partial: z.boolean().default(false).describe("Whether the nsqds that answer are enough."),
    tls: tlsFiles("Use HTTPS for addresses without a scheme, with these files.").optional(),
    auth: basicAuth("HTTP basic authentication, for servers behind a proxy.").optional(),
  })
  .check(atMostOne("nsqd", "lookupd"));

// As nsqd checks names: protocol.IsValidTopicName.
const NAME = /^(?!.{65})[.a-zA-Z0-9_-]+(#ephemeral)?$/;
const FORM =
  "1 to 64 letters, digits, dots, dashes or underscores, optionally with #ephemeral at the end";

/** Checks a task's `metric:`. */
export const query: StandardSchema<Query> = z.strictObject({
  topic: text("The topic.", FORM, NAME),
  channel: text("The channel whose messages the task consumes.", FORM, NAME),
});
