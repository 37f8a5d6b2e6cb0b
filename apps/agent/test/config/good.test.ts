import { expect, test } from "vitest";
import { createFolder, failure, GOOD, load, made, PLUGINS } from "./fixture.ts";

test("fills in every default of a short config", async () => {
  const config = await load(GOOD);
  expect(config.spec.capacity).toEqual({ instances: 10 });
  expect(config.spec.shutdown).toBe("leave");
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
      target: { use: "queue", length: 50, kP: 0.04, kI: 0, kD: 1.25, velocitySamples: 1 },
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
