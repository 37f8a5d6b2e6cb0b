import { describe, expect, it } from "vitest";

import plugin from "../src/index.ts";

const check = async (schema: "options" | "workload", written: unknown): Promise<unknown> => {
  const checked = await plugin[schema]["~standard"].validate(written);
  return checked.issues === undefined
    ? checked.value
    : checked.issues.map(({ path, message }) => `${path?.map(String).join(".")}: ${message}`);
};

describe("options", () => {
  it("need nothing", async () => {
    expect(await check("options", {})).toEqual({ concurrency: 16 });
  });

  it("take an address in any of Docker's forms", async () => {
    for (const host of [
      "unix:///run/docker.sock",
      "tcp://10.0.0.1:2375",
      "https://d:2376",
      "ssh://me@d",
    ]) {
      expect(await check("options", { host })).toMatchObject({ host });
    }
  });

  it("say every mistake at once", async () => {
    const issues = await check("options", {
      host: "docker:2375",
      tls: { ca: "ca.pem" },
      concurrency: 0,
    });
    expect(issues).toEqual([
      expect.stringContaining("host: expected"),
      expect.stringContaining("tls.cert:"),
      expect.stringContaining("tls.key:"),
      expect.stringContaining("concurrency:"),
    ]);
  });
});

describe("a workload", () => {
  it("is an image and Docker's own habits, unless told otherwise", async () => {
    expect(await check("workload", { image: "worker:1" })).toEqual({
      image: "worker:1",
      pull: "missing",
      env: {},
      labels: {},
      ports: [],
      publishAllPorts: false,
      volumes: [],
      stop: { graceMs: 10_000 },
      victims: "newest",
      removeVolumes: true,
    });
  });

  it("takes amounts, durations and plain values as people write them", async () => {
    const written = {
      image: "worker:1",
      env: { PORT: 8080, DEBUG: false },
      ports: [80],
      cpus: "250m",
      memory: "512Mi",
      stop: { signal: "SIGINT", grace: "1m" },
    };
    expect(await check("workload", written)).toMatchObject({
      env: { PORT: "8080", DEBUG: "false" },
      ports: ["80"],
      cpus: 0.25,
      memory: 536_870_912,
      stop: { signal: "SIGINT", graceMs: 60_000 },
    });
  });

  it.each([
    [{ command: "consume --fast" }, "command"],
    [{ memory: "512m" }, "memory: expected at least 6Mi"],
    [{ stop: { grace: 10 } }, "stop.grace"],
    [{ env: { "A=B": "c" } }, "env.A=B"],
    [{ envfile: "a.env" }, "envfile"],
    [{ volumes: ["data"] }, "volumes.0: expected"],
    [{ ports: ["80:http"] }, "ports.0: expected a port"],
    [{ name: "no spaces" }, "name"],
  ])("refuses %j", async (wrong, said) => {
    const issues = await check("workload", { image: "worker:1", ...wrong });
    expect(String(issues)).toContain(said);
  });

  it("has a JSON Schema in which every key is described", () => {
    for (const schema of [plugin.options, plugin.workload]) {
      const json = schema["~standard"].jsonSchema?.input({ target: "draft-2020-12" });
      const keys = Object.entries(json?.["properties"] as Record<string, { description?: string }>);
      expect(keys.length).toBeGreaterThan(2);
      expect(
        keys.filter(([, { description }]) => description === undefined).map(([key]) => key),
      ).toEqual([]);
    }
  });
});
