import { randomUUID, verify } from "node:crypto";
import { parseFields } from "./json.ts";
import type { MarathonClock } from "./types.ts";

/** Who may come in. At most one of them. */
export interface MarathonAuth {
  /** As `--http_credentials`. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** A token that does not expire, behind DC/OS's gateway. */
  readonly token?: string;
  /** A DC/OS with one service account, by its public key in PEM. Its tokens are valid for this many milliseconds. */
  readonly dcos?: { readonly uid: string; readonly publicKey: string; readonly tokenMs: number };
}

/** Checks credentials, and gives them out. */
export interface Guard {
  /** Whether this `Authorization` header lets in. */
  admits(authorization: string | undefined): boolean;
  /** Whether it asks by a Basic challenge of Jetty's. */
  readonly isBasic: boolean;
  /** `POST /acs/api/v1/auth/login`. @returns a token, or `undefined` when the login is refused. */
  login(body: string): string | undefined;
  /** Makes every token that was given out so far invalid, although it has not expired. */
  revoke(): void;
  /** How many logins have succeeded. */
  logins: number;
}

/** Makes the guard of one cluster. */
export function createGuard({ basic, token, dcos }: MarathonAuth, clock: MarathonClock): Guard {
  const given = new Map<string, number>();
  const pair = basic && Buffer.from(`${basic.username}:${basic.password}`).toString("base64");
  const guard: Guard = {
    isBasic: basic !== undefined,
    logins: 0,
    admits(authorization) {
      if (pair !== undefined) return authorization === `Basic ${pair}`;
      if (token !== undefined) return authorization === `token=${token}`;
      if (dcos === undefined) return true;
      const shown = authorization?.startsWith("token=") === true ? authorization.slice(6) : "";
      return (given.get(shown) ?? 0) > clock.now();
    },
    login(body) {
      if (dcos === undefined || !isLogin(body, dcos, clock.now())) return undefined;
      const until = clock.now() + dcos.tokenMs;
      const claims = { uid: dcos.uid, exp: Math.floor(until / 1000), jti: randomUUID() };
      const fresh = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}.${encode("unsigned")}`;
      given.set(fresh, until);
      guard.logins++;
      return fresh;
    },
    revoke: () => given.clear(),
  };
  return guard;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string | undefined): Readonly<Record<string, unknown>> =>
  parseFields(Buffer.from(part ?? "", "base64url").toString());

/** A JWT of the account, signed RS256 with its key, and not expired. */
function isLogin(
  body: string,
  { uid, publicKey }: NonNullable<MarathonAuth["dcos"]>,
  now: number,
): boolean {
  try {
    const said = parseFields(body);
    const [header, payload, signature] = String(said["token"]).split(".");
    const claims = decode(payload);
    const isSigned = verify(
      "RSA-SHA256",
      Buffer.from(`${header}.${payload}`),
      publicKey,
      Buffer.from(signature ?? "", "base64url"),
    );
    const isFresh = claims["exp"] === undefined || Number(claims["exp"]) * 1000 > now;
    const isOurs = said["uid"] === uid && claims["uid"] === uid;
    return isSigned && isFresh && isOurs && decode(header)["alg"] === "RS256";
  } catch {
    return false;
  }
}
