import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeMetric, readOne, startFakeSqs, stubAws, type FakeRequest } from "./fake-sqs.ts";

const arn = "arn:aws:iam::123456789012:role/scaler";

async function fileWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "microscaling-sqs-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "file");
  await writeFile(file, text);
  return file;
}

/** Whose key signed a request, and for which region. */
function signer({ authorization }: FakeRequest): (string | undefined)[] {
  const [key, , region] = (/Credential=(\S+),/.exec(authorization)?.[1] ?? "").split("/");
  return [key, region];
}

test("the SDK's own chain, unless told", async () => {
  const sqs = await startFakeSqs();
  await readOne(await makeMetric({ endpoint: sqs.endpoint }));
  expect(sqs.requests.map(signer)).toEqual([
    ["AKIDTEST", "eu-west-1"],
    ["AKIDTEST", "eu-west-1"],
  ]);
});

test("AWS_REGION is the region, unless the source has one", async () => {
  const sqs = await startFakeSqs();
  stubAws({ AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "sa-east-1" });
  await readOne(await makeMetric({ endpoint: sqs.endpoint, region: undefined }));
  await readOne(await makeMetric({ endpoint: sqs.endpoint, region: "us-west-1" }));
  const regions = sqs.requests.map((request) => signer(request)[1]);
  expect(regions).toEqual(["sa-east-1", "sa-east-1", "us-west-1", "us-west-1"]);
});

test("no region anywhere is said, and asks nobody", async () => {
  const sqs = await startFakeSqs();
  const metric = await makeMetric({ endpoint: sqs.endpoint, region: undefined });
  expect(await readOne(metric)).toMatchObject({
    error: {
      code: "ERR_CONFIG_SETTING",
      message: "queue jobs: no region set. Set `region` or AWS_REGION",
    },
  });
  expect(sqs.requests).toEqual([]);
});

test("a profile, with its region", async () => {
  const sqs = await startFakeSqs();
  const file = await fileWith(
    "[staging]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = s\nregion = eu-north-1\n",
  );
  stubAws({
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_ACCESS_KEY_ID: "no",
    AWS_SECRET_ACCESS_KEY: "no",
  });
  const metric = await makeMetric({
    endpoint: sqs.endpoint,
    profile: "staging",
    region: undefined,
  });
  expect(await readOne(metric)).toMatchObject({ kind: "reading" });
  expect(sqs.requests.map(signer)).toContainEqual(["AKIDPROFILE", "eu-north-1"]);
});

test("a role is assumed once, with the credentials that are there", async () => {
  const sqs = await startFakeSqs();
  stubAws({
    AWS_ACCESS_KEY_ID: "AKIDTEST",
    AWS_SECRET_ACCESS_KEY: "s3cret",
    AWS_ENDPOINT_URL_STS: sqs.endpoint,
  });
  const role = { arn, externalId: "x-17", sessionName: "scaler" };
  const metric = await makeMetric({ endpoint: sqs.endpoint, role, idleInterval: "0s" });
  for (let i = 0; i < 2; i++) expect(await readOne(metric)).toMatchObject({ kind: "reading" });
  const [assumed, ...rest] = sqs.requests;
  expect(assumed).toMatchObject({
    action: "AssumeRole",
    input: { RoleArn: arn, ExternalId: "x-17", RoleSessionName: "scaler" },
  });
  expect(signer(assumed!)).toEqual(["AKIDTEST", "eu-west-1"]);
  expect(rest.map(signer)).toEqual(Array.from({ length: 3 }, () => ["AKIDROLE", "eu-west-1"]));
});

test("a role is assumed with a profile's credentials", async () => {
  const sqs = await startFakeSqs();
  const file = await fileWith(
    "[staging]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = s\n",
  );
  stubAws({ AWS_SHARED_CREDENTIALS_FILE: file, AWS_ENDPOINT_URL_STS: sqs.endpoint });
  const metric = await makeMetric({ endpoint: sqs.endpoint, profile: "staging", role: { arn } });
  expect(await readOne(metric)).toMatchObject({ kind: "reading" });
  expect(sqs.requests.map((request) => [request.action, signer(request)[0]])).toEqual([
    ["AssumeRole", "AKIDPROFILE"],
    ["GetQueueUrl", "AKIDROLE"],
    ["GetQueueAttributes", "AKIDROLE"],
  ]);
});

test("a role is assumed with a token from a file", async () => {
  const sqs = await startFakeSqs();
  stubAws({ AWS_ENDPOINT_URL_STS: sqs.endpoint });
  const webIdentity = { roleArn: arn, tokenFile: await fileWith("j.w.t") };
  const metric = await makeMetric({ endpoint: sqs.endpoint, webIdentity });
  expect(await readOne(metric)).toMatchObject({ kind: "reading" });
  expect(sqs.requests[0]).toMatchObject({
    action: "AssumeRoleWithWebIdentity",
    input: { RoleArn: arn, WebIdentityToken: "j.w.t", RoleSessionName: "microscaling" },
  });
  expect(signer(sqs.requests[1]!)).toEqual(["AKIDROLE", "eu-west-1"]);
});

test.each([
  ["nothing set", {}],
  ["a profile that is not there", { profile: "nonesuch" }],
])("%s: no credentials found", async (_, options) => {
  const sqs = await startFakeSqs();
  stubAws();
  const metric = await makeMetric({ endpoint: sqs.endpoint, ...options });
  expect(await readOne(metric)).toMatchObject({
    error: {
      code: "ERR_METRIC_REFUSED",
      message: expect.stringContaining("no AWS credentials found"),
    },
  });
  expect(sqs.requests).toEqual([]);
});

test("a token file that is not there is said by its path", async () => {
  const sqs = await startFakeSqs();
  stubAws();
  const webIdentity = { roleArn: arn, tokenFile: "/nonesuch/token" };
  const metric = await makeMetric({ endpoint: sqs.endpoint, webIdentity });
  expect(await readOne(metric)).toMatchObject({
    error: {
      code: "ERR_METRIC_REFUSED",
      message: expect.stringContaining("/nonesuch/token"),
    },
  });
});
