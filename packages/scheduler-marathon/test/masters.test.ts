import { silentLogger, systemClock } from "@microscaling/core";
import { describe, expect, it, onTestFinished } from "vitest";

import { createClient } from "../src/client.ts";
import {
  countsOf,
  createTestClock,
  marathonWith,
  never,
  schedulerWith,
  taskOf,
  until,
  watching,
} from "./support.ts";

const apps = [{ id: "/worker" }];

describe("several masters", () => {
  it("the next one is asked when one is gone, and stays the one that is asked", async () => {
    const marathon = await marathonWith({ apps, masters: 2 });
    const lines: string[] = [];
    const scheduler = await schedulerWith(
      { url: marathon.urls },
      { log: (line) => void lines.push(line) },
    );
    const task = await taskOf("worker");
    await countsOf(scheduler, task);
    await marathon.stopMaster(0);
    marathon.elect(1);
    expect(await scheduler.scale(task, 2, never)).toEqual({ status: "accepted" });
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 2 });
    expect(lines).toEqual([
      `Marathon at ${marathon.urls[0]} fails; asking ${marathon.urls[1]} from now on`,
    ]);
  });

  it("one that has no leader to ask is passed over, and not asked again", async () => {
    const dead = await marathonWith({ apps });
    dead.elect(undefined);
    const marathon = await marathonWith({ apps });
    const scheduler = await schedulerWith({ url: [dead.url, marathon.url] });
    const task = await taskOf("worker");
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 0 });
    expect(await countsOf(scheduler, task)).toMatchObject({ requested: 0 });
    expect([dead, marathon].map(({ requests }) => requests.length)).toEqual([1, 2]);
  });

  it("one that does not answer is passed over after 3 s, and that is said", async () => {
    const clock = createTestClock();
    const stuck = await marathonWith({ apps });
    stuck.fault("stall");
    const marathon = await marathonWith({ apps });
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const scheduler = await schedulerWith({ url: [stuck.url, marathon.url] }, { clock, log });
    const counts = countsOf(scheduler, await taskOf("worker"));
    await until(() => stuck.requests.length === 1, "a request");
    await clock.advance(2999);
    expect(lines).toEqual([`Marathon at ${stuck.url} has not answered for 2.5 s`]);
    expect(marathon.requests).toEqual([]);
    await clock.advance(1);
    expect(await counts).toMatchObject({ requested: 0 });
  });

  it("the only one is waited for, and that is said once until it answers again", async () => {
    const clock = createTestClock();
    const marathon = await marathonWith({ apps });
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const scheduler = await schedulerWith({ url: marathon.url }, { clock, log });
    const task = await taskOf("worker");
    const ask = async (): Promise<void> => {
      const before = marathon.requests.length;
      countsOf(scheduler, task).catch(() => {});
      await until(() => marathon.requests.length > before, "a request");
      await clock.advance(2500);
    };
    marathon.fault("stall");
    await ask();
    await ask();
    expect(lines).toHaveLength(1);
    marathon.fault(undefined);
    await countsOf(scheduler, task);
    marathon.fault("stall");
    await ask();
    expect(lines).toHaveLength(2);
  });

  it("none that answers is an error that tells of each", async () => {
    const urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
    const scheduler = await schedulerWith({ url: urls });
    await expect(countsOf(scheduler, await taskOf("worker"))).rejects.toMatchObject({
      code: "ERR_SCHEDULER_UNREACHABLE",
      message: expect.stringContaining("none of the 2 masters answers: ") as unknown,
      details: urls.map((url) => expect.stringContaining(url) as unknown),
    });
  });

  it("what may not be done twice is asked of one alone", async () => {
    const marathon = await marathonWith({ apps, masters: 2 });
    const { url, urls } = marathon;
    const client = createClient({ url: urls }, { clock: systemClock, logger: silentLogger });
    onTestFinished(() => client.close());
    await marathon.stopMaster(0);
    const asked = { method: "POST", path: "/v2/tasks/delete", body: { ids: [] } } as const;
    await expect(client.ask({ ...asked, isOnce: true }, never)).rejects.toThrow(url);
    expect(marathon.requests).toEqual([]);
  });
});

describe("the event stream", () => {
  it("is followed at the leader, whomever is asked", async () => {
    const marathon = await marathonWith({ apps, masters: 2 });
    const scheduler = await schedulerWith({ url: marathon.urls[1] });
    await watching(scheduler);
    expect(marathon.listeners()).toBe(1);
  });

  it("takes credentials to the masters that were named, and to no other", async () => {
    const auth = { token: "secret" };
    const marathon = await marathonWith({ apps, auth, masters: 2 });
    const [leader, standby] = marathon.urls;
    const named = await schedulerWith({ url: [standby, leader], token: "secret" });
    await watching(named);
    expect(marathon.listeners()).toBe(1);
    const other = await schedulerWith({ url: standby, token: "secret" });
    const { ended } = await watching(other);
    expect(await ended).toMatchObject({
      code: "ERR_SCHEDULER_REFUSED",
      message: expect.stringContaining("to `url` of `scheduler:`") as unknown,
    });
    expect(marathon.listeners()).toBe(1);
  });
});
