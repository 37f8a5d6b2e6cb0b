import { describe, expect, it } from "vitest";

import {
  countInstances,
  orderVictims,
  parseContainers,
  sortInstances,
  type Listed,
} from "../src/instances.ts";
import { INSTANCE_LABEL, TASK_LABEL } from "../src/labels.ts";
import { createLedger, type Change } from "../src/ledger.ts";

let made = 0;
const container = (State: string, more: Partial<Listed> & { label?: string } = {}): Listed => {
  made += 1;
  const Labels = { [TASK_LABEL]: "mail", [INSTANCE_LABEL]: more.label ?? `label-${made}` };
  return {
    Id: `id-${made}`,
    State,
    Status: "Up 3 seconds",
    Created: 100,
    Labels,
    Names: [],
    ...more,
  };
};

const count = (listed: Listed[], changes: Change[] = []): unknown => {
  const found = sortInstances(["mail"], listed, { changes, truth: () => undefined }).get("mail");
  return found === undefined ? undefined : { ...countInstances(found), ended: found.ended.length };
};
const nothing = { running: 0, starting: 0, stopping: 0, requested: 0, unhealthy: 0, ended: 0 };
const start = (key: string, outcome: Change["outcome"] = "in progress"): Change => ({
  kind: "start",
  task: "mail",
  key,
  outcome,
});
const stop = (key: string, outcome: Change["outcome"] = "in progress"): Change => ({
  kind: "stop",
  task: "mail",
  key,
  outcome,
});

describe("what counts as what", () => {
  it.each([
    ["running", { running: 1, requested: 1 }],
    ["paused", { running: 1, requested: 1 }],
    ["created", { starting: 1, requested: 1 }],
    ["restarting", { starting: 1, requested: 1 }],
    ["removing", { stopping: 1 }],
    ["exited", { ended: 1 }],
    ["dead", { ended: 1 }],
  ])("a container that is %s", (state, counts) => {
    expect(count([container(state)])).toEqual({ ...nothing, ...counts });
  });

  it("an unhealthy one runs all the same", () => {
    const sick = container("running", { Status: "Up 3 minutes (unhealthy)" });
    expect(count([sick, container("running")])).toMatchObject({ running: 2, unhealthy: 1 });
  });

  it("one that was asked to stop, until it has ended", () => {
    const [up, over] = [container("running"), container("exited")];
    expect(count([up, over], [stop(up.Id), stop(over.Id)])).toEqual({ ...nothing, stopping: 1 });
  });

  it("one that has stopped while Docker still lists it as running", () => {
    const up = container("running");
    expect(count([up], [stop(up.Id, "gone")])).toEqual(nothing);
  });

  it("one that is being created, whether Docker lists it yet or not, once", () => {
    const listed = container("created", { label: "a" });
    expect(count([listed], [start("a"), start("b")])).toEqual({
      ...nothing,
      starting: 2,
      requested: 2,
    });
  });

  it("one that came up while Docker made its list", () => {
    expect(count([], [start("a", "up")])).toMatchObject({ running: 1, starting: 0 });
  });

  it("one whose start failed while Docker made its list", () => {
    expect(count([container("created", { label: "a" })], [start("a", "gone")])).toEqual(nothing);
  });

  it("one of another task not at all", () => {
    const other = container("running", { Labels: { [TASK_LABEL]: "other" } });
    expect(count([other], [{ ...start("a"), task: "other" }])).toEqual(nothing);
  });
});

describe("who goes first", () => {
  const old = container("running", { Created: 100, label: "1" });
  const young = container("running", { Created: 101, label: "2" });
  const twin = container("running", { Created: 101, label: "3" });

  it("is the newest, within one second too", () => {
    expect(orderVictims([old, young, twin], "newest")).toEqual([twin, young, old]);
  });

  it("is the oldest when told so", () => {
    expect(orderVictims([twin, young, old], "oldest")).toEqual([old, young, twin]);
  });

  it("is always an unhealthy one", () => {
    const sick = { ...old, Status: "Up 3 minutes (unhealthy)" };
    expect(orderVictims([twin, young, sick], "newest")).toEqual([sick, twin, young]);
  });
});

describe("the ledger", () => {
  it("tells a list of what settled while it was made, and a later list no more", async () => {
    const ledger = createLedger();
    const change = ledger.begin("start", "mail", "a");
    const early = await ledger.during(async () => {
      ledger.settle(change, "up");
      return "list";
    });
    expect(early).toEqual({
      listed: "list",
      changes: [expect.objectContaining({ key: "a", outcome: "up" })],
    });
    expect(await ledger.during(async () => "list")).toEqual({ listed: "list", changes: [] });
  });

  it("tells every list of what is under way", async () => {
    const ledger = createLedger();
    const change = ledger.begin("stop", "mail", "id");
    expect((await ledger.during(async () => {})).changes).toHaveLength(1);
    expect(ledger.isUnderWay("stop", "id")).toBe(true);
    ledger.drop(change);
    expect((await ledger.during(async () => {})).changes).toEqual([]);
    expect(ledger.isUnderWay("stop", "id")).toBe(false);
  });

  it("forgets nothing that a list under way may need, and a list that failed needs nothing", async () => {
    const ledger = createLedger();
    const change = ledger.begin("start", "mail", "a");
    const hold = Promise.withResolvers<void>();
    const slow = ledger.during(() => hold.promise);
    const failed = ledger.during(() => Promise.reject(new Error("no")));
    ledger.settle(change, "up");
    await expect(failed).rejects.toThrow("no");
    await ledger.during(async () => {});
    hold.resolve();
    expect((await slow).changes).toHaveLength(1);
  });
});

describe("Docker's list", () => {
  it.each([[{}], ["<html>"], [null], [[{ Id: 5 }]], [[null]]])("is not %j", (answer) => {
    expect(() => parseContainers(answer)).toThrow(/list of containers/);
  });
});
