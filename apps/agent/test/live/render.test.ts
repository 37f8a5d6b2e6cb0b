import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { renderPicture } from "../../src/live/render.ts";
import { decision, record } from "../records.ts";

const mails = decision({
  desired: 8,
  granted: 5,
  requested: 4,
  reason: "above",
  counts: { running: 2, starting: 2, stopping: 1, requested: 4 },
  limits: [{ by: "capacity", limitingResource: "instances" }],
});
const batch = decision({
  task: "batch",
  reading: undefined,
  reason: "remainder",
  counts: undefined,
});

function draw(width: number, problems: ReadonlyMap<string, string> = new Map()): string[] {
  const capacity = { instances: 10 };
  const text = renderPicture({
    record: record(mails, batch),
    capacity,
    problems,
    dryRun: true,
    width,
  });
  return stripVTControlCharacters(text).split("\n");
}

function drawRole(leads: boolean, leader?: string): string {
  const role = { lease: "main", leads, leader };
  const picture = { capacity: { instances: 10 }, problems: new Map(), dryRun: false, width: 120 };
  return renderPicture({ ...picture, record: { ...record(mails), role } });
}

describe("the live view's picture", () => {
  it("shows queue, desired, granted, running and why of every task", () => {
    const [, head, , titles, first, second, ...more] = draw(120);
    expect(more).toEqual([]);
    expect(head).toMatch(/5 of 10 instances .*dry run/);
    expect(titles?.split(/\s+/)).toEqual(["TASK", "QUEUE", "DESIRED", "GRANTED", "RUNNING", "WHY"]);
    expect(first).toMatch(/^mails +40 +8 +5 +2 \+2 -1 +██▒▒░ +40 waiting.*capacity used up/);
    expect(second).toMatch(/^batch +- +2 +2 +\? +remainder/);
  });

  it("shows what a target that learns believes", () => {
    const belief = {
      arrivalRate: 12.34,
      serviceRate: 5,
      startupSeconds: 3,
      drainSeconds: 4.2,
      expectedWaitSeconds: 6.2,
    };
    const task = decision({ desired: 8, granted: 8, reason: "above", belief });
    const picture = { capacity: {}, problems: new Map(), dryRun: false, width: 200 };
    const text = stripVTControlCharacters(renderPicture({ ...picture, record: record(task) }));
    expect(text).toContain(
      "40 waiting (6.2s at this rate), wants 8, 12.3/s arrive, 5/s each, start 3s, drained in 4.2s",
    );
  });

  it("says who leads where agents share a lease", () => {
    expect(drawRole(true, "a")).toContain("  leads");
    expect(drawRole(false, "b")).toContain("standby: b leads");
    expect(drawRole(false)).toContain("standby: nobody leads");
  });

  it("keeps each task on one line that fits the terminal", () => {
    const lines = draw(80);
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[4]).toMatch(/…$/);
  });

  it("shows a task's problem in place of the reason", () => {
    const lines = draw(120, new Map([["batch", "cannot start:\nno such file"]]));
    expect(lines).toHaveLength(6);
    expect(lines[5]).toMatch(/^batch .*cannot start: no such file$/);
  });
});
