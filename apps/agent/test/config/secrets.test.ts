import { describe, expect, it, test } from "vitest";
import { failure, GOOD, load } from "./fixture.ts";

const workload = (more: string): string =>
  GOOD.replace("{ image: queue-demo }", `{ image: queue-demo, ${more} }`);

describe("a value of the wrong type is not shown", () => {
  it.each([
    ["a field that its schema marks as secret", "seal: 12345678"],
    ["a field with the name of a secret", "password: 12345678"],
    ["a list in such a field", "password: [12345678]"],
  ])("in %s", async (_, more) => {
    const { details } = await failure(load(workload(more)));
    expect(details).toEqual([expect.stringMatching(/expected string, found a hidden value$/)]);
  });

  it("nor where a user name stands, since it may hold the password, too", async () => {
    const yaml = GOOD.replace("use: docker", 'use: docker, username: "bob:hunter22"');
    expect(JSON.stringify(await failure(load(yaml)))).not.toContain("hunter22");
  });

  it("nor the credentials in a URL, wherever that stands", async () => {
    const yaml = GOOD.replace("use: docker", 'use: docker, size: "http://bob:hunter22@host:80/x"');
    const { details } = await failure(load(yaml));
    expect(details[0]).toMatch(/found "http:\/\/\[redacted\]@host:80\/x"$/);
  });
});

describe("what is hidden wherever it turns up", () => {
  it("is what stands in a field that its schema marks, or whose name says so", async () => {
    const config = await load(workload("seal: hunter-1, password: hunter-2"));
    expect(config.secrets.toSorted()).toEqual(["hunter-1", "hunter-2"]);
  });

  it.each(["PASS", "DB_PASSWORD", "API_TOKEN", "CLIENT_SECRET", "ACCOUNT_KEY", "CREDENTIALS"])(
    "is a value of ${%s}, whatever it stands in",
    async (name) => {
      const env = { [name]: "hunter22" };
      const config = await load(workload(`env: { X: "\${${name}}" }`), { env });
      expect(config.secrets).toEqual(["hunter22"]);
    },
  );

  it("is a value that stands in a secret's place, whatever its variable is called", async () => {
    const env = { A: "hunter-1", B: "hunter-2" };
    const config = await load(workload('seal: "${A}", env: { DB_PASSWORD: "${B}" }'), { env });
    expect(config.secrets.toSorted()).toEqual(["hunter-1", "hunter-2"]);
  });

  it("is a URL with credentials in it", async () => {
    const env = { DATABASE: "postgres://bob:hunter22@db/shop" };
    const config = await load(workload('env: { X: "${DATABASE}" }'), { env });
    expect(config.secrets).toEqual([env.DATABASE]);
  });

  it.each([
    ["HOST", "nsqd.example.com"],
    ["REGISTRY", "registry.example.com"],
    ["TOKEN_FILE", "/run/token"],
    ["BYPASS", "everything"],
    ["AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"],
  ])("is not a value of ${%s}", async (name, value) => {
    const config = await load(workload(`env: { X: "\${${name}}" }`), { env: { [name]: value } });
    expect(config.secrets).toEqual([]);
  });
});

test("a mistake shows a value from a variable that is no secret, and the variable", async () => {
  const yaml = GOOD.replace("priority: 1", 'priority: "${LEVEL}"');
  const { details } = await failure(load(yaml, { env: { LEVEL: "first" } }));
  expect(details[0]).toMatch(/expected a whole number from 0, found "first" from \$\{LEVEL\}$/);
});

describe("a number or boolean from a variable", () => {
  it("is one where one is expected", async () => {
    const env = { PORT: "9000", LEVEL: "2", N: "3", ON: "true" };
    const yaml = workload('replicas: "${N}", isOn: "${ON}"').replace(
      "priority: 1",
      'priority: "${LEVEL}"',
    );
    const { settings, spec } = await load(`${yaml}http: { port: "\${PORT}" }\n`, { env });
    expect(settings.http).toEqual({ host: "127.0.0.1", port: 9000 });
    expect(spec.tasks[0]).toMatchObject({ priority: 2, workload: { replicas: 3, isOn: true } });
  });

  it("stays text where text is expected", async () => {
    const yaml = workload('password: "${PASS}"');
    const { spec } = await load(yaml, { env: { PASS: "12345678" } });
    expect(spec.tasks[0]?.workload).toMatchObject({ password: "12345678" });
  });

  it.each(["70000", "abc", "1e3x", ""])("is refused with its place when it is %j", async (PORT) => {
    const yaml = `${GOOD}http: { port: "\${PORT}" }\n`;
    const { details } = await failure(load(yaml, { env: { PORT } }));
    expect(details).toHaveLength(1);
    expect(details[0]).toMatch(
      /http\.port: expected a port from 0 to 65535, found .* from \$\{PORT\}$/,
    );
  });
});

describe("a key that belongs elsewhere", () => {
  it.each([
    [
      "metric: { use: nsq,",
      'metric: { use: nsq, nsqd: ["a:1"],',
      "metric.nsqd: unknown key; it belongs under metrics.nsq",
    ],
    [
      "scheduler: { use: docker }",
      "scheduler: { use: docker, image: x }",
      "scheduler.image: unknown key; it belongs under a task's workload",
    ],
    [
      "workload: { image",
      "workload: { host: x, image",
      "workload.host: unknown key; it belongs under scheduler",
    ],
  ])("%s", async (from, to, line) => {
    const { details } = await failure(load(GOOD.replace(from, to)));
    expect(details).toEqual([expect.stringMatching(new RegExp(`${line.replaceAll(".", "\\.")}$`))]);
  });

  it("metrics.nsq.topic", async () => {
    const { details } = await failure(load(`${GOOD}metrics: { nsq: { topic: demo } }\n`));
    expect(details).toEqual([
      expect.stringMatching(/metrics\.nsq\.topic: unknown key; it belongs under a task's metric$/),
    ]);
  });
});
