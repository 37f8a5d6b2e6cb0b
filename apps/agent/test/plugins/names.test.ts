import { expect, test } from "vitest";
import { expandName, readPackageName } from "../../src/plugins/names.ts";

test.each([
  ["./mine.js", "path", ["./mine.js"]],
  ["../mine.js", "path", ["../mine.js"]],
  ["/srv/mine.js", "path", ["/srv/mine.js"]],
  ["module:mine", "package", ["mine"]],
  ["module:@acme/mine", "package", ["@acme/mine"]],
  ["@acme/mine", "package", ["@acme/mine"]],
  ["@acme", "package", ["@acme"]],
  ["mine/scheduler", "package", ["mine/scheduler"]],
  ["docker", "package", ["@microscaling/scheduler-docker", "microscaling-scheduler-docker"]],
] as const)("%s is the %s %j", (use, form, specifiers) => {
  expect(expandName("scheduler", use)).toEqual({ form, specifiers });
});

test("a short name in a metric's place is a metric", () => {
  expect(expandName("metric", "nsq").specifiers).toEqual([
    "@microscaling/metric-nsq",
    "microscaling-metric-nsq",
  ]);
});

test.each([
  ["@microscaling/scheduler-docker", { kind: "scheduler", name: "docker" }],
  ["microscaling-metric-kafka", { kind: "metric", name: "kafka" }],
  ["@microscaling/metric-azure-queue", { kind: "metric", name: "azure-queue" }],
  ["@microscaling/core", undefined],
  ["scheduler-docker", undefined],
])("the package %s tells %o", (name, expected) => {
  expect(readPackageName(name)).toEqual(expected);
});
