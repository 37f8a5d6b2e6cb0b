import { createTestClock } from "@microscaling/conformance";
import type { Counts, MicroscalingError } from "@microscaling/core";
import { expect, it, onTestFinished } from "vitest";

import type { ApiRequest } from "../src/connection.ts";
import { parseSelector } from "../src/selector.ts";
import { createTrouble, LOOK_MS, MOST_LOOK_MS } from "../src/trouble.ts";
import { createFakeCluster } from "./fake-cluster.ts";
import { createListener } from "./support.ts";

const selector = parseSelector({ matchLabels: { app: "mail" } });
const STARTING: Counts = { running: 0, starting: 2, stopping: 0, requested: 2 };
const RUNNING: Counts = { running: 2, starting: 0, stopping: 0, requested: 2 };

function pod(uid: string, restartCount: number, state: object): object {
  const lastState = { terminated: { exitCode: 3, reason: "Error", message: "no config" } };
  return {
    metadata: { name: `pod-${uid}`, uid },
    status: { containerStatuses: [{ restartCount, state, lastState }] },
  };
}

const crashing = (uid: string, restarts: number): object =>
  pod(uid, restarts, { waiting: { reason: "CrashLoopBackOff" } });
const well = (uid: string): object => pod(uid, 0, { running: {} });

function begin() {
  const { target } = createFakeCluster();
  const clock = createTestClock();
  const life = new AbortController();
  onTestFinished(() => life.abort());
  const asked: ApiRequest[] = [];
  const failures: MicroscalingError[] = [];
  const { logger, warnings } = createListener();
  const world = { items: [] as object[] };
  const trouble = createTrouble({
    connection: {
      async ask(request) {
        asked.push(request);
        return { items: world.items };
      },
    },
    clock,
    logger,
    life: life.signal,
    changed: () => {},
    failed: (_, error) => void failures.push(error),
  });
  /** Observes once a second. */
  async function observe(counts: Counts, seconds: number): Promise<ReturnType<typeof see>> {
    for (let i = 0; i < seconds; i += 1) {
      see(counts);
      await clock.advance(1000);
    }
    return see(counts);
  }
  const see = (counts: Counts): Pick<Counts, "crashed" | "lastCrash"> =>
    trouble.saw(target, counts, selector);
  return { world, asked, failures, warnings, observe };
}

it("asks for nothing while all pods are well or have just begun to start", async () => {
  const { observe, asked } = begin();
  expect(await observe(RUNNING, 100)).toEqual({ crashed: 0 });
  await observe(STARTING, LOOK_MS / 1000 - 1);
  await observe(RUNNING, 1);
  expect(asked).toEqual([]);
});

it("looks ever less often at pods that only take long", async () => {
  const { observe, asked, world, warnings } = begin();
  world.items = [well("a"), well("b")];
  await observe(RUNNING, 1);
  await observe(STARTING, 300);
  expect(asked[0]?.query).toMatchObject({ labelSelector: "app=mail" });
  expect(asked.length).toBeLessThan(300_000 / MOST_LOOK_MS + 6);
  expect(warnings).toEqual([]);
});

it("counts crashes where most pods crash, and says how, once", async () => {
  const { observe, world, warnings } = begin();
  world.items = [crashing("a", 2), crashing("b", 1), well("c")];
  await observe(RUNNING, 1);
  expect(await observe(STARTING, 4)).toEqual({ crashed: 3, lastCrash: "exit code 3: no config" });
  world.items = [crashing("a", 3), crashing("b", 1), well("c")];
  expect(await observe(STARTING, 10)).toMatchObject({ crashed: 4 });
  expect(warnings).toEqual([
    expect.stringMatching(
      /task "mail": 2 of 3 pods of Deployment .* keep crashing .*exit code 3: no config.*kubectl logs/,
    ),
  ]);
});

it("does not hold a task back for one pod that crashes among many", async () => {
  const { observe, world, warnings } = begin();
  world.items = [crashing("a", 9), well("b"), well("c")];
  await observe(RUNNING, 1);
  expect(await observe(STARTING, 10)).toEqual({ crashed: 0 });
  expect(warnings).toHaveLength(1);
});

it("tells of pods that cannot start at all", async () => {
  const { observe, world, failures } = begin();
  world.items = [pod("a", 0, { waiting: { reason: "ImagePullBackOff", message: "not found" } })];
  await observe(RUNNING, 1);
  await observe(STARTING, 10);
  expect(failures).toEqual([
    expect.objectContaining({
      code: "ERR_START_FAILED",
      message: expect.stringMatching(/cannot start: ImagePullBackOff: not found; check/) as unknown,
    }),
  ]);
});
