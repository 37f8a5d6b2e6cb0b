import { createTestClock } from "@microscaling/conformance";
import type { Decision, Monitor } from "@microscaling/core";
import { describe, expect, it } from "vitest";
import { createChangeLog } from "../../src/log/change-log.ts";
import { collectLines, type Line } from "../lines.ts";
import { decision, record, running } from "../records.ts";

const signal = new AbortController().signal;

/** One turn a second. @param setMs how far the wall clock is set after each turn */
async function turns(decisions: Decision[], setMs = 0): Promise<Line[]> {
  const { logger, lines } = collectLines();
  const clock = createTestClock();
  const log: Monitor = createChangeLog(logger, clock);
  for (const one of decisions) {
    await log.report({ ...record(one), at: clock.now() }, signal);
    clock.stepWall(setMs);
    await clock.advance(1000);
  }
  return lines;
}

const up = (ask: number, from: number): Decision =>
  decision({ desired: ask, granted: ask, requested: ask, reason: "above", counts: running(from) });

const held = (age: string): Decision =>
  decision({
    reason: "held",
    limits: [{ by: "held", reason: `no reading for ${age}: connection refused` }],
  });

describe("the change log", () => {
  it("says nothing while nothing changes", async () => {
    expect(await turns([decision(), decision(), decision()])).toEqual([]);
  });

  it("logs a change with where from, where to and why", async () => {
    const [line, ...more] = await turns([up(5, 2)]);
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: "info", task: "mails", from: 2, to: 5, reading: 40 });
    expect(line?.text).toMatch(/^mails 2 → 5: .*40 waiting/);
  });

  it("says how long jobs are expected to wait, where the target learns", async () => {
    const [line] = await turns([{ ...up(5, 2), belief: { expectedWaitSeconds: 6.2 } }]);
    expect(line?.text).toBe("mails 2 → 5: 40 waiting (6.2s at this rate), wants 5");
  });

  it("logs no change that a standby decides, and logs it once it leads", async () => {
    const { logger, lines } = collectLines();
    const log = createChangeLog(logger, createTestClock());
    const logged: number[] = [];
    for (const leads of [false, false, true, true]) {
      const role = { lease: "main", leads, leader: undefined };
      await log.report({ ...record(up(5, 2)), role }, signal);
      logged.push(lines.length);
    }
    expect(logged).toEqual([0, 0, 1, 1]);
  });

  it("logs a change once, however slowly it comes true", async () => {
    const lines = await turns([up(5, 2), up(5, 2), up(5, 3), up(5, 4), up(5, 5), up(5, 5)]);
    expect(lines.map((line) => line.to)).toEqual([5]);
  });

  it("logs a change once, however many steps it takes until others have stopped", async () => {
    const waiting = (ask: number, from: number): Decision => ({
      ...up(5, from),
      requested: ask,
      limits: [{ by: "waiting", task: "batch" }],
    });
    const lines = await turns([waiting(2, 2), waiting(3, 2), waiting(4, 3), up(5, 4), up(5, 5)]);
    expect(lines.map((line) => [line.from, line.to])).toEqual([[2, 5]]);
  });

  it("logs again when the number granted moves, and when what had come true is lost", async () => {
    const moved = await turns([up(5, 2), up(6, 3)]);
    expect(moved.map((line) => [line.from, line.to])).toEqual([
      [2, 5],
      [3, 6],
    ]);
    const lost = await turns([up(5, 2), up(5, 5), up(5, 4)]);
    expect(lost.map((line) => [line.from, line.to])).toEqual([
      [2, 5],
      [4, 5],
    ]);
  });

  it("says once that a task is held, whatever its countdown, and once that it is free again", async () => {
    const lasting = [held("3s"), held("4s"), held("5.5s"), held("6s"), held("7s")];
    const lines = await turns([decision(), ...lasting, decision(), decision(), decision()]);
    expect(lines.map((line) => line.level)).toEqual(["warn", "info"]);
    expect(lines[0]?.text).toContain("connection refused");
    expect(lines[1]?.text).toBe("mails scales freely again");
  });

  it("says trouble in time whose words change at every turn, and says them once", async () => {
    const trouble = (why: string): Decision =>
      decision({ reason: "held", limits: [{ by: "held", reason: `no reading: ${why}` }] });
    const ups = Array.from({ length: 4 }, () => [
      trouble("socket hang up"),
      trouble("read ECONNRESET"),
    ]);
    const lines = await turns([decision(), ...ups.flat(), decision(), decision(), decision()]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ level: "warn", task: "mails" });
    expect(lines[1]?.text).toBe("mails scales freely again");
  });

  describe("of a trouble that many tasks have", () => {
    const NAMES = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const dead = (task: string, reason = "nsqd:4151 cannot be reached"): Decision =>
      decision({
        task,
        reason: "held",
        limits: [{ by: "held", reason, code: "ERR_METRIC_UNREACHABLE" }],
      });

    it("says once how many they are, with the error's code, and once that it is over", async () => {
      const { logger, lines } = collectLines();
      const clock = createTestClock();
      const log = createChangeLog(logger, clock);
      const tell = async (of: (task: string) => Decision): Promise<void> => {
        for (let i = 0; i < 5; i++) {
          await log.report(record(...NAMES.map(of)), signal);
          await clock.advance(1000);
        }
      };
      await tell((task) => dead(task));
      await tell((task) => decision({ task }));
      expect(lines).toEqual([
        expect.objectContaining({
          level: "warn",
          text: "50 tasks (t0, t1, t2, …): nsqd:4151 cannot be reached",
          tasks: 50,
          code: "ERR_METRIC_UNREACHABLE",
        }),
        expect.objectContaining({
          level: "info",
          text: "50 tasks (t0, t1, t2, …) scale freely again",
        }),
      ]);
    });

    it("says each of several troubles", async () => {
      const { logger, lines } = collectLines();
      const clock = createTestClock();
      const log = createChangeLog(logger, clock);
      const decisions = [dead("a"), dead("b"), dead("c", "channel c is paused")];
      for (let i = 0; i < 5; i++) {
        await log.report(record(...decisions), signal);
        await clock.advance(1000);
      }
      expect(lines.map(({ text }) => text)).toEqual([
        "2 tasks (a, b): nsqd:4151 cannot be reached",
        "c: channel c is paused: keeping 2 instances",
      ]);
    });
  });

  it("does not repeat what the engine has said of a task that backs off, and says that it is over", async () => {
    const failing = decision({
      limits: [{ by: "backoff", reason: "backing off: no disk", code: "ERR_DISK_FULL" }],
    });
    const lines = await turns([
      failing,
      failing,
      failing,
      failing,
      decision(),
      decision(),
      decision(),
    ]);
    expect(lines.map(({ text }) => text)).toEqual(["mails scales freely again"]);
  });

  it.each([-3_600_000, 3_600_000])(
    "measures trouble though the clock is set by %d ms",
    async (setMs) => {
      expect(await turns([held("3s"), held("4s")], setMs)).toEqual([]);
      expect(await turns([held("3s"), held("4s"), held("5s")], setMs)).toHaveLength(1);
    },
  );

  it("says trouble whose words change at every turn, once", async () => {
    const failing = (words: string): Decision =>
      decision({ requested: undefined, limits: [{ by: "counts", reason: words }] });
    const words = ["connection refused", "connection reset"];
    const decisions = Array.from({ length: 20 }, (_, i) => failing(words[i % 2] ?? ""));
    const lines = await turns([...decisions, decision(), decision(), decision()]);
    expect(lines.map(({ level }) => level)).toEqual(["warn", "info"]);
  });

  it("says it when the words of a trouble are others for good", async () => {
    const failing = (words: string): Decision =>
      decision({ requested: undefined, limits: [{ by: "counts", reason: words }] });
    const [a, b] = [failing("connection refused"), failing("may not be read")];
    const lines = await turns([a, a, a, b, b, b, b]);
    expect(lines.map(({ text }) => /refused|not be read/.exec(text ?? "")?.[0])).toEqual([
      "refused",
      "not be read",
    ]);
  });

  it("says nothing of trouble that passes at once, as at the start", async () => {
    const early = decision({
      requested: undefined,
      limits: [{ by: "counts", reason: "not counted yet" }],
    });
    expect(await turns([early, early, decision(), early, decision()])).toEqual([]);
  });

  it("does not tell apart what a full capacity and the task's bounds do every day", async () => {
    const full = decision({
      desired: 9,
      limits: [{ by: "capacity", limitingResource: "instances" }],
    });
    const bounded = decision({ desired: 9, limits: [{ by: "max" }] });
    expect(await turns([decision(), full, bounded, decision()])).toEqual([]);
  });
});
