import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestClock } from "@microscaling/conformance";
import type { EngineSpec, TaskSpec } from "@microscaling/engine";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLearnedTasks } from "../../src/run/learned-file.ts";
import { handOn, keepLearned, learnedPath, learnedText, recall } from "../../src/run/learned.ts";
import { collectLines } from "../lines.ts";
import { fakeConfig } from "../records.ts";
import { createFolder } from "./folder.ts";

const TRIAL = { minutes: 1, claimed: 2, both: 3, actual: 4, met: 5 };
const LEARNED = {
  minute: 29_000_000,
  // A week and an hour of minutes, none of them known.
  rates: Buffer.alloc(2 * (7 * 1440 + 60), 255).toString("base64"),
  dispersion: 1,
  pastJobs: 0,
  pastWork: 0,
  day: TRIAL,
  week: TRIAL,
  trend: TRIAL,
};

function task(name: string, query: unknown = { topic: name }): TaskSpec {
  return {
    name,
    priority: 1,
    min: 1,
    max: 10,
    maxDelta: 10,
    uses: {},
    target: { use: "latency", withinMs: 5000, changesPerMinute: 20 },
    metric: { source: "queue", query, maxAgeMs: 10_000, failures: 3, fallback: "hold" },
    workload: {},
  };
}

function specOf(...tasks: readonly TaskSpec[]): EngineSpec {
  return { ...fakeConfig().spec, tasks };
}

const learnedOf = ({ tasks }: EngineSpec): unknown[] => tasks.map(({ learned }) => learned);
const text = learnedText(
  specOf(task("mail"), task("video")),
  new Map([
    ["mail", LEARNED],
    ["gone", LEARNED],
  ]),
);

async function recalled(written: string | undefined, ...tasks: readonly TaskSpec[]) {
  const file = join(createFolder(), "learned.json");
  if (written !== undefined) writeFileSync(file, written);
  const { logger, lines } = collectLines();
  const spec = await recall(specOf(...tasks), file, logger);
  return {
    learned: learnedOf(spec),
    warnings: lines.map(({ level, text: line }) => `${level} ${line.replace(file, "FILE")}`),
  };
}

describe("what was learned", () => {
  it("is given back to the tasks that look at the same", async () => {
    const again = await recalled(text, task("video"), task("mail"), task("new"));
    expect(again).toEqual({ learned: [undefined, LEARNED, undefined], warnings: [] });
  });

  it("is not given to another queue of the same name", async () => {
    const other = await recalled(text, task("mail", { topic: "other" }));
    expect(other.learned).toEqual([undefined]);
    const { metric, ...rest } = task("mail");
    const source = { ...rest, metric: { ...metric!, source: "other" } };
    expect((await recalled(text, source)).learned).toEqual([undefined]);
  });

  it("outlives another target and other bounds: the load is the same", async () => {
    const target = { use: "latency", withinMs: 9000, changesPerMinute: 1 } as const;
    expect((await recalled(text, { ...task("mail"), target, max: 3 })).learned).toEqual([LEARNED]);
    const spec = handOn(specOf(task("mail")), new Map([["mail", LEARNED]]), {
      ...specOf({ ...task("mail"), target }),
    });
    expect(learnedOf(spec)).toEqual([LEARNED]);
  });

  it("is nothing before there is a file, or without one", async () => {
    expect(await recalled(undefined, task("mail"))).toEqual({ learned: [undefined], warnings: [] });
    const spec = specOf(task("mail"));
    expect(await recall(spec, undefined, collectLines().logger)).toBe(spec);
    const { settings } = fakeConfig();
    const kept = { settings: { ...settings, learned: "a/learned.json" }, file: undefined };
    expect(learnedPath({ settings, file: "/etc/my.yaml" }, "/srv")).toBeUndefined();
    expect(learnedPath(kept, "/srv")).toBe("/srv/a/learned.json");
    expect(learnedPath({ ...kept, file: "/etc/my.yaml" }, "/srv")).toBe("/etc/a/learned.json");
  });

  it.each([
    [
      "{",
      "FILE: not a file of microscaling's learned data, or damaged; the agent ignores it and learns again",
    ],
    [
      "[]",
      "FILE: not a file of microscaling's learned data, or damaged; the agent ignores it and learns again",
    ],
    [
      "",
      "FILE: not a file of microscaling's learned data, or damaged; the agent ignores it and learns again",
    ],
    [
      '{"tasks":{}}',
      "FILE: not a file of microscaling's learned data, or damaged; the agent ignores it and learns again",
    ],
    [
      text.replace(":1,", ":2,"),
      "FILE: expected version 1, found 2; the agent ignores it and learns again",
    ],
    [
      '{"microscalingLearned":1,"tasks":[]}',
      "FILE: expected tasks, found something else; the agent ignores it and learns again",
    ],
    [
      text.replace('"dispersion":1', '"dispersion":-1'),
      "FILE: the data of the task mail is damaged; the agent ignores it",
    ],
  ])(
    "is ignored with a warning where the file is damaged, foreign or of another version: %.40s",
    async (written, warning) => {
      const { learned, warnings } = await recalled(written, task("mail"));
      expect(learned).toEqual([undefined]);
      expect(warnings).toEqual([`warn ${warning}`]);
    },
  );

  it("is ignored with a warning where the file cannot be read", async () => {
    const { logger, lines } = collectLines();
    const folder = createFolder();
    const spec = await recall(specOf(task("mail")), folder, logger);
    expect(learnedOf(spec)).toEqual([undefined]);
    expect(lines.map((line) => line.text)).toEqual([
      `cannot read ${folder}: EISDIR: illegal operation on a directory, read; the agent learns again`,
    ]);
  });

  it("never throws, wherever the file is cut or changed", () => {
    const at = fc.nat({ max: text.length });
    fc.assert(
      fc.property(at, fc.string({ maxLength: 3 }), (from, put) => {
        const { tasks, problems } = readLearnedTasks(text.slice(0, from) + put, "file");
        expect(tasks.size + problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });
});

describe("the file", () => {
  function open(file: string | undefined) {
    const clock = createTestClock();
    const { logger, lines } = collectLines();
    let saved = 0;
    const keeper = keepLearned({
      clock,
      logger,
      file: () => file,
      text: () => `{"microscalingLearned":${++saved}}`,
    });
    return { clock, keeper, saves: () => saved, warnings: () => lines.map((line) => line.text) };
  }

  it("is written every five minutes and at the end, whole or not at all", async () => {
    const folder = createFolder();
    const file = join(folder, "learned.json");
    const { clock, keeper, warnings } = open(file);
    await clock.advance(299_000);
    expect(readdirSync(folder)).toEqual([]);
    await clock.advance(1000);
    await expect.poll(() => readdirSync(folder)).toEqual(["learned.json"]);
    await keeper.close();
    expect(readFileSync(file, "utf8")).toBe('{"microscalingLearned":2}');
    expect(readdirSync(folder)).toEqual(["learned.json"]);
    expect(warnings()).toEqual([]);
  });

  it("is not written over another file, such as the config", async () => {
    const file = join(createFolder(), "microscaling.yaml");
    writeFileSync(file, "tasks: {}");
    const { keeper, warnings } = open(file);
    await keeper.close();
    expect(warnings()).toEqual([expect.stringContaining("the existing file has other content")]);
    expect(readFileSync(file, "utf8")).toBe("tasks: {}");
  });

  it("is not there where the config names none", async () => {
    const { clock, keeper, warnings } = open(undefined);
    await clock.advance(300_000);
    await keeper.close();
    expect(warnings()).toEqual([]);
  });

  it("that cannot be written is warned of once, and leaves the old one", async () => {
    const folder = createFolder();
    const file = join(folder, "taken");
    mkdirSync(file);
    const { clock, keeper, saves, warnings } = open(file);
    const savesLater = async (): Promise<number> => {
      await clock.advance(300_000);
      return saves();
    };
    await expect.poll(savesLater).toBeGreaterThanOrEqual(3);
    await keeper.close();
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(
      /^cannot write .*taken: .*; a restart loses what was learned since the last write$/,
    );
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});
