import { createPrivateKey, type KeyObject } from "node:crypto";
import { MicroscalingError, untilAborted, withTimeLimit, type Clock } from "@microscaling/core";
import { readOptionFile } from "@microscaling/plugin-kit";
import * as z from "zod";

import { toError, unusable, type Answer } from "./errors.ts";
import type { DcosOptions, MarathonOptions } from "./options.ts";

/** Provides credentials. */
export interface Credentials {
  /** The `Authorization` header for the next request. Logs in if needed. */
  header(signal: AbortSignal): Promise<string | undefined>;
  /**
   * Records that the last header is no longer valid. @returns whether a new one is possible.
   */
  refused(header: string | undefined): boolean;
}

/** Sends a login, to `url` if it is set. */
export type Login = (url: string | undefined, body: string, signal: AbortSignal) => Promise<Answer>;

/** Creates credentials from the options. Reads files and logs in at the first use. */
export function createCredentials(
  options: MarathonOptions,
  context: { readonly clock: Clock; readonly login: Login },
): Credentials {
  const { username, password, token, dcos } = options;
  if (dcos !== undefined) return dcosCredentials(dcos, context);
  const basic = (): string => Buffer.from(`${username}:${password}`).toString("base64");
  const fixed = username === undefined ? token && `token=${token}` : `Basic ${basic()}`;
  return { header: async () => fixed, refused: () => false };
}

/** How long a login token is valid, in milliseconds. It is used at once. */
const LOGIN_MS = 300_000;
/** How long a login may take, in milliseconds. */
const WAIT_MS = 20_000;
/** How long before its end an authentication token is renewed, in milliseconds; at the latest in the last tenth of its life. */
const RENEW_MS = 60_000;

interface Session {
  readonly header: string;
  /** In milliseconds by the monotonic clock. */
  readonly renewAt: number;
}

function dcosCredentials(
  dcos: DcosOptions,
  { clock, login }: { readonly clock: Clock; readonly login: Login },
): Credentials {
  let session: Session | undefined;
  let loggingIn: Promise<Session> | undefined;
  const late = new MicroscalingError(
    "ERR_SCHEDULER_UNREACHABLE",
    `no answer to the login of \`scheduler.dcos\` within ${WAIT_MS / 1000} s`,
  );
  const limit = { clock, ms: WAIT_MS, signal: new AbortController().signal, late };

  async function open(signal: AbortSignal): Promise<Session> {
    const { uid, key } = await readAccount(dcos);
    const { decodeJwt, SignJWT } = await import("jose");
    const expiresAt = Math.floor((clock.now() + LOGIN_MS) / 1000);
    const proof = await new SignJWT({ uid })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setExpirationTime(expiresAt)
      .sign(key);
    const answer = await login(dcos.loginUrl, JSON.stringify({ uid, token: proof }), signal);
    if (answer.status !== 200) throw loginError(answer, uid);
    const { data } = z.object({ token: z.string().min(1) }).safeParse(answer.json);
    if (data === undefined) throw unusable(answer.from, "a token for the login");
    return {
      header: `token=${data.token}`,
      renewAt: clock.monotonic() + renewalOf(() => decodeJwt(data.token).exp, clock.now()),
    };
  }

  async function renew(signal: AbortSignal): Promise<Session> {
    // Requests during a login wait for the same login. None of them can abort it for the others.
    loggingIn ??= withTimeLimit(limit, open).finally(() => (loggingIn = undefined));
    return (session = await untilAborted(signal, loggingIn));
  }

  return {
    async header(signal) {
      if (session === undefined || clock.monotonic() >= session.renewAt) await renew(signal);
      return session?.header;
    },
    refused(header) {
      if (session?.header === header) session = undefined;
      return true;
    },
  };
}

/** The time until the token must be renewed, in milliseconds. A token without an expiry is used until it is refused. */
function renewalOf(readExpiry: () => number | undefined, now: number): number {
  try {
    const exp = readExpiry();
    if (exp === undefined) return Number.POSITIVE_INFINITY;
    const lifeMs = exp * 1000 - now;
    return lifeMs - Math.min(RENEW_MS, lifeMs / 10);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function loginError(answer: Answer, uid: string): MicroscalingError {
  const doing = `log in as service account ${uid}`;
  if (answer.status !== 401 && answer.status !== 403) return toError(answer, { doing });
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `cannot ${doing}: ${answer.from} answered ${answer.status}; check that the account exists, and that dcos.serviceAccount has its key`,
  );
}

const accountSchema = z.object({ uid: z.string().optional(), private_key: z.string() });

/** Reads the file at each login, so that a changed secret takes effect. */
async function readAccount(
  dcos: DcosOptions,
): Promise<{ readonly uid: string; readonly key: KeyObject }> {
  const text = String(
    await readOptionFile("scheduler", "dcos.serviceAccount", dcos.serviceAccount),
  );
  const account = text.trimStart().startsWith("{") ? parseAccount(text) : { private_key: text };
  const uid = dcos.uid ?? account?.uid;
  if (account === undefined || uid === undefined) {
    const missing = account === undefined ? "private_key" : "uid";
    throw wrongAccount(
      dcos,
      `${missing} in the file${missing === "uid" ? ", or dcos.uid in the config" : ""}`,
    );
  }
  try {
    return { uid, key: createPrivateKey(account.private_key) };
  } catch {
    // The message of OpenSSL may contain the key.
    throw wrongAccount(dcos, "an RSA private key in PEM in the file");
  }
}

function parseAccount(text: string): z.infer<typeof accountSchema> | undefined {
  try {
    return accountSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function wrongAccount({ serviceAccount }: DcosOptions, expected: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `dcos.serviceAccount ${serviceAccount}: expected ${expected}, found something else`,
  );
}
