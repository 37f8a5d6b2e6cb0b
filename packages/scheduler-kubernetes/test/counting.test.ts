import { describe, expect, it } from "vitest";

import { countInstances } from "../src/counts.ts";
import { createPodCounter } from "../src/pod-counter.ts";
import { readPod } from "../src/pods.ts";
import { readScale, readScaledObject } from "../src/scaled-object.ts";
import { parseSelector, type Selector } from "../src/selector.ts";
import { isNewer } from "../src/versions.ts";

const counts = (
  [present, ready]: readonly [number, number | undefined],
  wanted: number,
  pods?: readonly [number, number],
): readonly number[] => {
  const seen = pods && { present: pods[0], stopping: pods[1] };
  const { running, starting, stopping, requested } = countInstances(
    { present, ready },
    { wanted, pods: seen, peak: 0, leaving: 0 },
  );
  return [running, starting, stopping, requested];
};

describe("counts of an object", () => {
  it.each([
    ["at rest", [3, 3], 3, [3, 0], [3, 0, 0, 3]],
    [
      "with nothing ready yet, which its controller leaves out",
      [3, undefined],
      3,
      [3, 0],
      [0, 3, 0, 3],
    ],
    ["before its controller has heard of the request", [1, 1], 3, [1, 0], [1, 2, 0, 3]],
    ["before its controller has deleted what is too many", [5, 5], 2, [5, 0], [2, 0, 3, 2]],
    ["while pods end", [2, 2], 2, [2, 3], [2, 0, 3, 2]],
    ["with one more than wanted during a roll-out", [4, 3], 3, [4, 0], [3, 0, 1, 3]],
    [
      "with ready ones that are ending, as StatefulSets count them",
      [3, 3],
      3,
      [2, 1],
      [2, 1, 1, 3],
    ],
    ["at zero", [0, undefined], 0, [0, 0], [0, 0, 0, 0]],
  ] as const)("%s", (_, object, wanted, pods, expected) => {
    expect(counts(object, wanted, pods)).toEqual(expected);
  });

  it("go by its controller where pods may not be read", () => {
    expect(counts([5, 4], 2)).toEqual([2, 0, 3, 2]);
    expect(counts([3, 2], 3)).toEqual([2, 1, 0, 3]);
  });
});

describe("an object as it is read", () => {
  it("has what is wanted, present and ready, who scaled it and why it fails", () => {
    const object = {
      metadata: {
        resourceVersion: "7",
        managedFields: [
          { manager: "helm", fieldsV1: { "f:spec": { "f:template": {} } } },
          { manager: "kubectl", fieldsV1: { "f:spec": { "f:replicas": {} } } },
        ],
      },
      spec: { replicas: 4, selector: { matchLabels: { app: "mail" } } },
      status: {
        replicas: 3,
        readyReplicas: 2,
        conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }],
      },
    };
    expect(readScaledObject(object)).toMatchObject({
      resourceVersion: "7",
      wanted: 4,
      present: 3,
      ready: 2,
      scaledBy: "kubectl",
      failure: "exceeded quota",
    });
  });

  it("has defaults where nothing was written", () => {
    expect(readScaledObject({ metadata: {}, spec: {} })).toMatchObject({
      wanted: 1,
      present: 0,
      ready: undefined,
      selector: undefined,
      failure: undefined,
    });
    expect(readScale({ metadata: { resourceVersion: "9" }, spec: {}, status: {} })).toMatchObject({
      wanted: 0,
      present: 0,
    });
  });
});

describe("a selector", () => {
  const mail = { app: "mail", tier: "a" };

  it.each([
    [{ matchLabels: { app: "mail" } }, true],
    [{ matchLabels: { app: "mail", tier: "b" } }, false],
    [{ app: "mail" }, true],
    [{ app: "other" }, false],
    [{ matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }] }, true],
    [{ matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }] }, false],
    [{ matchExpressions: [{ key: "canary", operator: "NotIn", values: ["x"] }] }, true],
    [{ matchExpressions: [{ key: "tier", operator: "Exists" }] }, true],
    [{ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }, false],
    ["app=mail,tier=a", true],
    ["app==mail", true],
    ["app=mail,tier!=a", false],
    ["tier in (a, b),app", true],
    ["tier notin (a,b)", false],
    ["!canary", true],
    ["!app", false],
  ])("%j: %s", (written, expected) => {
    expect(parseSelector(written)?.matches(mail)).toBe(expected);
  });

  it.each([
    [""],
    [{}],
    ["app ~ mail"],
    [{ matchExpressions: [{ key: "tier", operator: "Gt", values: ["1"] }] }],
  ])("that selects nothing, or is not known, is none: %j", (written) => {
    expect(parseSelector(written)).toBeUndefined();
  });
});

const pod = (labels: object, stopping = false): ReturnType<typeof readPod> =>
  readPod({ metadata: { labels, ...(stopping && { deletionTimestamp: "2025-01-01" }) } });

describe("counting pods", () => {
  it("finds those of each object, by any kind of selector, and counts anew when one has changed", () => {
    const items = new Map([
      ["a", pod({ app: "mail", pool: "x" })],
      ["b", pod({ app: "mail", pool: "x" }, true)],
      ["c", pod({ app: "web", pool: "x" })],
      ["d", pod({})],
    ]);
    const pods = { items, version: 1 };
    const counter = createPodCounter(pods);
    const selectors = new Map<string, Selector | undefined>([
      ["mail", parseSelector({ matchLabels: { pool: "x", app: "mail" } })],
      ["any", parseSelector("app")],
      ["none", undefined],
    ]);
    const count = (key: string): unknown => counter.count(key, () => selectors);
    expect(count("mail")).toEqual({ present: 1, stopping: 1 });
    expect(count("any")).toEqual({ present: 2, stopping: 1 });
    expect(count("none")).toBeUndefined();
    items.set("e", pod({ app: "mail", pool: "x" }));
    pods.version = 2;
    expect(count("mail")).toEqual({ present: 2, stopping: 1 });
    selectors.set("web", parseSelector({ matchLabels: { app: "web" } }));
    counter.forget();
    expect(count("web")).toEqual({ present: 1, stopping: 0 });
  });
});

describe("resource versions", () => {
  it.each([
    ["10", "9", true],
    ["9", "10", false],
    ["10", "10", false],
    ["90071992547409931", "90071992547409930", true],
    ["abc", "abd", true],
    ["abc", "abc", false],
  ])("%s is newer than %s: %s", (version, than, expected) => {
    expect(isNewer(version, than)).toBe(expected);
  });
});
