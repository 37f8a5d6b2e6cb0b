import type { Counts } from "@microscaling/core";
import { beforeEach, describe, expect, it } from "vitest";

import { MARGIN_MS } from "../src/past.ts";
import { createFakeCluster, type FakeCluster } from "./fake-cluster.ts";
import { never } from "./support.ts";

const MAIL = { app: "mail" };
const GRACE_S = 20;
/** A watch that was lost is no longer trusted by then. */
const LOST_MS = 20_000;

let cluster: FakeCluster;

beforeEach(() => {
  cluster = createFakeCluster();
});

async function count(): Promise<Counts | undefined> {
  const { store, target, clock } = cluster;
  const ready = store.ready(target, never);
  await clock.advance(0);
  await ready;
  return store.count(target);
}

/** A Deployment with so many pods, all well. */
async function run(replicas: number): Promise<void> {
  await cluster.deploy({ replicas, graceS: GRACE_S });
  for (let i = 0; i < replicas; i += 1) await cluster.addPod(`pod-${i}`, MAIL);
}

const total = (counts: Counts | undefined): number =>
  (counts?.running ?? 0) + (counts?.starting ?? 0) + (counts?.stopping ?? 0);

describe("where pods may not be read", () => {
  it("a pod that stops keeps its room for its grace period", async () => {
    await cluster.forbid("pods");
    await cluster.deploy({ replicas: 8, graceS: GRACE_S });
    expect(await count()).toMatchObject({ running: 8, stopping: 0 });
    await cluster.deploy({ replicas: 3, present: 8, graceS: GRACE_S });
    expect(await count()).toMatchObject({ running: 3, stopping: 5 });
    await cluster.deploy({ replicas: 3, graceS: GRACE_S });
    expect(await count()).toMatchObject({ running: 3, stopping: 5 });
    await cluster.clock.advance(GRACE_S * 1000 + MARGIN_MS - 1);
    expect(await count()).toMatchObject({ running: 3, stopping: 5 });
    await cluster.clock.advance(1);
    expect(await count()).toMatchObject({ running: 3, stopping: 0 });
  });

  it("so do pods that began to stop before the right was lost, and it is said once", async () => {
    await run(8);
    expect(await count()).toMatchObject({ running: 8, stopping: 0 });
    await cluster.deploy({ replicas: 3, graceS: GRACE_S });
    for (let i = 3; i < 8; i += 1) await cluster.addPod(`pod-${i}`, MAIL, true);
    expect(await count()).toMatchObject({ running: 3, stopping: 5 });
    await cluster.forbid("pods");
    await cluster.clock.advance(LOST_MS);
    expect(await count()).toMatchObject({ running: 3, stopping: 5 });
    expect(cluster.warnings).toEqual([expect.stringMatching(/may not read pods.*keeps its room/)]);
    await cluster.allow("pods");
    for (let i = 3; i < 8; i += 1) await cluster.deletePod(`pod-${i}`);
    expect(await count()).toMatchObject({ running: 3, stopping: 0 });
  });

  it("an object that is gone keeps the room of its pods as long", async () => {
    await cluster.forbid("pods");
    await cluster.deploy({ replicas: 8, graceS: GRACE_S });
    await count();
    await cluster.deleteDeployment();
    expect(await count()).toBeUndefined();
    expect(cluster.store.left(cluster.target)).toBe(8);
    await cluster.clock.advance(GRACE_S * 1000 + MARGIN_MS);
    expect(cluster.store.left(cluster.target)).toBe(0);
  });
});

describe("pods of an object that is gone", () => {
  it("are counted until none is left", async () => {
    await run(3);
    await count();
    await cluster.deleteDeployment();
    expect(await count()).toBeUndefined();
    expect(cluster.store.left(cluster.target)).toBe(3);
    await cluster.deletePod("pod-0");
    await cluster.addPod("pod-1", MAIL, true);
    expect(cluster.store.left(cluster.target)).toBe(2);
    await cluster.deletePod("pod-1");
    await cluster.deletePod("pod-2");
    expect(cluster.store.left(cluster.target)).toBe(0);
  });

  it("are its own again when it is made again", async () => {
    await run(3);
    await count();
    await cluster.deleteDeployment();
    await cluster.deploy({ replicas: 3 });
    expect(await count()).toEqual({ running: 3, starting: 0, stopping: 0, requested: 3 });
  });

  it("count besides those of one of the same name that selects others", async () => {
    await run(3);
    await count();
    await cluster.deleteDeployment();
    await cluster.deploy({ replicas: 1, labels: { app: "mail", version: "2" } });
    await cluster.addPod("new", { app: "mail", version: "2" });
    expect(await count()).toMatchObject({ running: 1, stopping: 3 });
    for (let i = 0; i < 3; i += 1) await cluster.deletePod(`pod-${i}`);
    expect(await count()).toMatchObject({ running: 1, stopping: 0 });
  });
});

describe("a number that others set and take back before its controller has seen it", () => {
  it("counts until then, since its pods may still be made", async () => {
    await run(2);
    await count();
    await cluster.deploy({ replicas: 8, present: 2, observed: false });
    expect(total(await count())).toBe(8);
    await cluster.deploy({ replicas: 2, observed: false });
    expect(await count()).toMatchObject({ running: 2, stopping: 6 });
    await cluster.deploy({ replicas: 2 });
    expect(await count()).toMatchObject({ running: 2, stopping: 0 });
  });

  it("so does one that a request of ours has replaced", async () => {
    await run(2);
    await count();
    const { store, target } = cluster;
    store.note(target, { resourceVersion: "1000", wanted: 8, present: 2, selector: undefined });
    expect(total(await count())).toBe(8);
    store.note(target, { resourceVersion: "1001", wanted: 2, present: 2, selector: undefined });
    expect(await count()).toMatchObject({ running: 2, stopping: 6, requested: 2 });
  });
});

describe("watches that stay open and fall silent", () => {
  /** Observes once a second. */
  async function observe(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i += 1) {
      await count();
      await cluster.clock.advance(1000);
    }
  }

  it("are followed by lists once there are not as many pods as their controller says", async () => {
    await run(3);
    await observe(1);
    await cluster.deploy({ replicas: 3, present: 2 });
    cluster.silence();
    await cluster.deletePod("pod-0");
    await cluster.deploy({ replicas: 2 });
    await observe(4);
    expect(await count()).toEqual({ running: 2, starting: 0, stopping: 0, requested: 2 });
  });

  it("are followed by lists once an answer is newer than what they brought", async () => {
    await run(3);
    await observe(1);
    const { store, target } = cluster;
    const before = cluster.lists();
    cluster.silence();
    store.note(target, { resourceVersion: "1000", wanted: 2, present: 3, selector: undefined });
    await observe(3);
    expect(cluster.lists()).toBe(before);
    await observe(2);
    expect(cluster.lists()).toBe(before + 1);
  });
});
