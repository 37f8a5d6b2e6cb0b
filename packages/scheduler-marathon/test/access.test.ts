import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  countsOf,
  createTestClock,
  marathonWith,
  never,
  schedulerWith,
  taskOf,
  watching,
} from "./support.ts";

const apps = [{ id: "/worker", instances: 0 }];
const rsa = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "microscaling-marathon-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("credentials", () => {
  it.each([
    [{ basic: { username: "me", password: "secret" } }, { username: "me", password: "secret" }],
    [{ token: "secret" }, { token: "secret" }],
  ])("%j go with every request, the event stream's too", async (auth, options) => {
    const marathon = await marathonWith({ apps, auth });
    const scheduler = await schedulerWith({ url: marathon.url, ...options });
    const task = await taskOf("worker");
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 0 });
    expect(await scheduler.scale(task, 1, never)).toEqual({ status: "accepted" });
    await watching(scheduler);
    expect(marathon.listeners()).toBe(1);
  });

  it("that are wrong are said to be, and not told", async () => {
    const auth = { basic: { username: "me", password: "secret" } };
    const marathon = await marathonWith({ apps, auth });
    const scheduler = await schedulerWith({
      url: marathon.url,
      username: "me",
      password: "wrong!",
    });
    const error: unknown = await countsOf(scheduler, await taskOf("worker")).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "ERR_SCHEDULER_REFUSED" });
    expect(String(error)).toMatch(/answered 401; check the credentials/);
    expect(String(error)).not.toMatch(/wrong!/);
  });
});

describe("a service account of DC/OS", () => {
  const dcosAuth = { dcos: { uid: "scaler", publicKey: rsa.publicKey, tokenMs: 600_000 } };
  const prefix = "/service/marathon";
  const secret = JSON.stringify({ uid: "scaler", scheme: "RS256", private_key: rsa.privateKey });

  it.each([0, -3_600_000])(
    "logs in once, and again before the token expires, though the clock is set by %d ms",
    async (setMs) => {
      const clock = createTestClock();
      const marathon = await marathonWith({ apps, auth: dcosAuth, prefix, clock });
      const serviceAccount = await fileWith("account.json", secret);
      const scheduler = await schedulerWith(
        { url: marathon.url, dcos: { serviceAccount } },
        { clock },
      );
      const task = await taskOf("worker");
      await Promise.all([countsOf(scheduler, task), countsOf(scheduler, task)]);
      expect(await countsOf(scheduler, task)).toMatchObject({ requested: 0 });
      expect(marathon.guard.logins).toBe(1);
      clock.stepWall(setMs);
      await clock.advance(539_000);
      await countsOf(scheduler, task);
      expect(marathon.guard.logins).toBe(1);
      await clock.advance(2000);
      await countsOf(scheduler, task);
      expect(marathon.guard.logins).toBe(2);
      expect(
        marathon.requests.filter(({ path }) => path.startsWith("/service/marathon/v2/apps")),
      ).toHaveLength(5);
    },
  );

  it("logs in for all who wait, also when the first of them gives up", async () => {
    const marathon = await marathonWith({ apps, auth: dcosAuth });
    const serviceAccount = await fileWith("account.json", secret);
    const scheduler = await schedulerWith({ url: marathon.url, dcos: { serviceAccount } });
    const task = await taskOf("worker");
    const stop = new AbortController();
    const first = scheduler.observe([task], stop.signal);
    const second = countsOf(scheduler, task);
    stop.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect(await second).toMatchObject({ requested: 0 });
    expect(marathon.guard.logins).toBe(1);
  });

  it("logs in again when the token is refused", async () => {
    const marathon = await marathonWith({ apps, auth: dcosAuth });
    const serviceAccount = await fileWith("key.pem", rsa.privateKey);
    const dcos = { serviceAccount, uid: "scaler" };
    const scheduler = await schedulerWith({ url: marathon.url, dcos });
    const task = await taskOf("worker");
    await countsOf(scheduler, task);
    marathon.guard.revoke();
    expect(await scheduler.scale(task, 1, never)).toEqual({ status: "accepted" });
    marathon.guard.revoke();
    await watching(scheduler);
    expect(marathon.listeners()).toBe(1);
    expect(marathon.guard.logins).toBe(3);
  });

  it("logs in where it is told to", async () => {
    const gateway = await marathonWith({ auth: dcosAuth });
    const marathon = await marathonWith({ apps });
    const serviceAccount = await fileWith("account.json", secret);
    const loginUrl = `${gateway.url}/acs/api/v1/auth/login`;
    const scheduler = await schedulerWith({
      url: marathon.url,
      dcos: { serviceAccount, loginUrl },
    });
    await countsOf(scheduler, await taskOf("worker"));
    expect(gateway.guard.logins).toBe(1);
    expect(marathon.requests[0]?.authorization).toMatch(/^token=\S+$/);
  });

  it.each([
    ["no key", "{}", "expected private_key in the file"],
    ["no uid", JSON.stringify({ private_key: rsa.privateKey }), "expected uid in the file"],
    ["another text", "swordfish", "expected uid in the file"],
    [
      "a broken key",
      JSON.stringify({ uid: "scaler", private_key: "-----BEGIN swordfish" }),
      "expected an RSA private key in PEM",
    ],
    [
      "another account",
      JSON.stringify({ uid: "other", private_key: rsa.privateKey }),
      "cannot log in as service account other",
    ],
  ])("with %s says so, and tells no secret", async (_, text, words) => {
    const marathon = await marathonWith({ apps, auth: dcosAuth });
    const serviceAccount = await fileWith("wrong.json", text);
    const scheduler = await schedulerWith({ url: marathon.url, dcos: { serviceAccount } });
    const error: unknown = await countsOf(scheduler, await taskOf("worker")).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: "ERR_SCHEDULER_REFUSED" });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toMatch(/swordfish|BEGIN/);
  });
});

describe("TLS", () => {
  let ca: string;
  let pair: { cert: string; key: string };
  beforeAll(async () => {
    const made = await generate([{ name: "commonName", value: "marathon" }], {
      algorithm: "sha256",
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    pair = { cert: made.cert, key: made.private };
    ca = await fileWith("ca.pem", made.cert);
  });

  it("trusts its own authority, for the event stream too", async () => {
    const marathon = await marathonWith({ apps, tls: pair });
    const scheduler = await schedulerWith({ url: marathon.url, tls: { ca } });
    expect(await countsOf(scheduler, await taskOf("worker"))).toMatchObject({ requested: 0 });
    await watching(scheduler);
    expect(marathon.listeners()).toBe(1);
  });

  it("refuses a certificate of an unknown one, and says what to set", async () => {
    const marathon = await marathonWith({ apps, tls: pair });
    const scheduler = await schedulerWith({ url: marathon.url });
    await expect(countsOf(scheduler, await taskOf("worker"))).rejects.toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringMatching(/TLS failed .*\. Check `tls`/) as unknown,
    });
    expect(marathon.requests).toEqual([]);
  });

  it("names a file that is not there, and reads it once it is", async () => {
    const marathon = await marathonWith({ apps, tls: pair });
    const later = join(folder, "later.pem");
    const scheduler = await schedulerWith({ url: marathon.url, tls: { ca: later } });
    const task = await taskOf("worker");
    await expect(countsOf(scheduler, task)).rejects.toThrow(later);
    await writeFile(later, pair.cert);
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 0 });
  });
});
