import { expect, test } from "vitest";
import { failure, GOOD, load, made, packageFiles, pluginSource } from "./fixture.ts";

test("fills in every default of a short config", async () => {
  const config = await load(GOOD);
  expect(config.origin).toBe(config.file);
  expect(config.spec).toMatchObject({ capacity: { instances: 10 }, shutdown: "leave" });
  expect(config.settings).toEqual({
    http: { host: "127.0.0.1", port: 9464 },
    log: { level: "info", debug: [], detail: false },
    shutdownGraceMs: 30_000,
  });
  expect(config.spec.scheduler).toMatchObject({
    name: "docker",
    intervalMs: 5000,
    timeoutMs: 30_000,
  });
  expect([...config.spec.sources]).toMatchObject([
    ["nsq", { name: "nsq", intervalMs: 250, timeoutMs: 2000 }],
  ]);
  expect(config.spec.tasks).toEqual([
    {
      name: "consumer",
      priority: 1,
      min: 1,
      max: 10,
      maxDelta: 9,
      uses: { instances: 1 },
      workload: { image: "queue-demo" },
      metric: {
        source: "nsq",
        query: { topic: "demo", channel: "demo" },
        maxAgeMs: 10_000,
        failures: 3,
        fallback: "hold",
      },
      target: {
        use: "queue",
        length: 50,
        kP: 0.04,
        kI: 0,
        kD: 1.25,
        velocitySamples: 1,
        keepsOne: true,
      },
    },
    {
      name: "batch",
      priority: 2,
      min: 0,
      max: 10,
      maxDelta: 10,
      uses: { instances: 1 },
      workload: { image: "queue-demo" },
      target: { use: "remainder" },
    },
  ]);
});

test("takes every key", async () => {
  const config = await load(`
scheduler: { use: docker, interval: 3s, timeout: 1m, host: "tcp://x" }
capacity: { instances: 10, cpu: 4, memory: 8Gi }
metrics:
  mail: { use: nsq, interval: 50ms, timeout: 1s, url: "http://a" }
tasks:
  t:
    priority: 3
    instances: { min: 2, max: 8, maxDelta: 4 }
    uses: { cpu: 500m, memory: 256Mi }
    workload: { image: i }
    metric: { use: mail, topic: t, maxAge: 20s, failures: 5, fallback: { atLeast: 3 } }
    target: { use: queue, length: 2.5, kP: 1, kI: 2, kD: 3, velocitySamples: 4 }
shutdown: drain
shutdownGrace: 5s
http: { host: 0.0.0.0, port: 0 }
log: { level: warn, debug: [engine, metric] }
`);
  expect(config.spec.scheduler).toMatchObject({ intervalMs: 3000, timeoutMs: 60_000 });
  expect(config.spec.capacity).toEqual({ instances: 10, cpu: 4, memory: 8 * 2 ** 30 });
  expect([...config.spec.sources]).toMatchObject([
    ["mail", { name: "nsq", intervalMs: 50, timeoutMs: 1000 }],
  ]);
  expect(config.spec.tasks[0]).toEqual({
    name: "t",
    priority: 3,
    min: 2,
    max: 8,
    maxDelta: 4,
    uses: { instances: 1, cpu: 0.5, memory: 256 * 2 ** 20 },
    workload: { image: "i" },
    metric: {
      source: "mail",
      query: { topic: "t" },
      maxAgeMs: 20_000,
      failures: 5,
      fallback: { atLeast: 3 },
    },
    target: { use: "queue", length: 2.5, kP: 1, kI: 2, kD: 3, velocitySamples: 4, keepsOne: true },
  });
  expect(config.spec.shutdown).toBe("drain");
  expect(config.settings).toEqual({
    http: { host: "0.0.0.0", port: 0 },
    log: { level: "warn", debug: ["engine", "metric"], detail: false },
    shutdownGraceMs: 5000,
  });
});

test("maxAge is three intervals when that is longer than 10 s", async () => {
  const { spec } = await load(`${GOOD}metrics: { nsq: { interval: 1m } }\n`);
  expect(spec.tasks[0]?.metric?.maxAgeMs).toBe(180_000);
});

test("maxAge has room for a metric that keeps its readings", async () => {
  const keeps = pluginSource("metric", "nsq", "keepsReadingMs: ({ size }) => size,");
  const files = packageFiles(".", "@microscaling/metric-nsq", keeps);
  const { spec } = await load(`${GOOD}metrics: { nsq: { size: 30000 } }\n`, { files });
  expect(spec.tasks[0]?.metric?.maxAgeMs).toBe(90_000);
  const tight = GOOD.replace("channel: demo }", "channel: demo, maxAge: 20s }");
  const { details } = await failure(load(`${tight}metrics: { nsq: { size: 30000 } }\n`, { files }));
  expect(details).toEqual([expect.stringMatching(/maxAge: expected at least .*30s, found "20s"$/)]);
});

test("http: false is no HTTP", async () => {
  expect((await load(`${GOOD}http: false\n`)).settings.http).toBe(false);
});

test("a source that is written with nothing in it has the defaults", async () => {
  const { spec } = await load(`${GOOD}metrics:\n  nsq:\n`);
  expect([...spec.sources.keys()]).toEqual(["nsq"]);
});

test("many tasks share one source, and two sources of one plugin are two", async () => {
  made.length = 0;
  const { spec } = await load(`
scheduler: { use: docker }
capacity: { instances: 10 }
metrics: { a: { use: nsq }, b: { use: nsq } }
tasks:
  t1: { metric: { use: a, topic: x }, target: { use: queue, length: 1 } }
  t2: { metric: { use: a, topic: y }, target: { use: queue, length: 1 } }
  t3: { metric: { use: b, topic: x }, target: { use: queue, length: 1 } }
`);
  expect(spec.tasks.map(({ metric }) => metric?.source)).toEqual(["a", "a", "b"]);
  expect(made.map(({ kind }) => kind)).toEqual(["scheduler", "metric", "metric"]);
});

test("says which plugins are in use and where they come from", async () => {
  const { plugins } = await load(GOOD);
  expect(plugins.map(({ kind, name, package: of, version }) => [kind, name, of, version])).toEqual([
    ["scheduler", "docker", "@microscaling/scheduler-docker", "1.2.3"],
    ["metric", "nsq", "@microscaling/metric-nsq", "1.2.3"],
  ]);
});

test("a plugin that throws while it is made is named, and what was made by then is closed", async () => {
  made.length = 0;
  const bad = pluginSource("metric", "bad", "create() { throw new Error('no luck'); },");
  const found = await failure(
    load(GOOD.replace("use: nsq", "use: bad"), {
      files: packageFiles(".", "microscaling-metric-bad", bad),
    }),
  );
  expect(found.code).toBe("ERR_PLUGIN_FAULT");
  expect(found.message).toBe("cannot create the metric bad: no luck");
  expect(made).toMatchObject([{ kind: "scheduler", closed: 1 }]);
});

test("a schema that throws is the plugin's fault", async () => {
  const schema =
    '{ "~standard": { version: 1, vendor: "x", validate() { throw new TypeError("oops"); } } }';
  const bad = pluginSource("metric", "bad", `options: ${schema},`);
  const found = await failure(
    load(GOOD.replace("use: nsq", "use: bad"), {
      files: packageFiles(".", "microscaling-metric-bad", bad),
    }),
  );
  expect(found.code).toBe("ERR_PLUGIN_FAULT");
  expect(found.message).toMatch(/metric bad .*oops/);
});
