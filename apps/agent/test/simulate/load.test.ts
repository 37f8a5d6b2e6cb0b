import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { nothingObserved, type EngineSpec, type TaskSpec } from "@microscaling/engine";
import { createRecordWriter } from "@microscaling/simulator";
import { describe, expect, it } from "vitest";
import { readLoad, type Load, type TaskHints } from "../../src/simulate/load.ts";
import { createFolder } from "../run/folder.ts";

const HINTS: readonly (readonly [string, TaskHints])[] = [
  ["mails", { hasMetric: true }],
  ["batch", { hasMetric: false }],
];

const COUNTS = "offset_s,count\n0,60\n60,120\n";
const JOBS = "offset_s,tokens\n5,10\n6,30\n";
const TIMED = "offset_s,service_s\n0,2\n1,3\n";

async function read(files: Record<string, string>, hints = HINTS, file?: string): Promise<Load> {
  const cwd = createFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  return readLoad({ file: file ?? Object.keys(files)[0]!, cwd, tasks: new Map(hints) });
}

/** The mistakes, without their places. */
async function mistakes(files: Record<string, string>, hints = HINTS): Promise<string[]> {
  const error: unknown = await read(files, hints).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "ERR_CONFIG_INVALID" });
  return (error as { details: string[] }).details.map((line) => line.replace(/^\S+ /, ""));
}

const START = Date.UTC(2026, 0, 5, 9);

/** Three seconds of an agent, in which seven jobs arrived a second. */
function recordOf(name: string): string {
  const lines: string[] = [];
  const writer = createRecordWriter({ write: (line) => lines.push(line), hide: (line) => line });
  const task: TaskSpec = {
    name,
    priority: 1,
    min: 0,
    max: 5,
    maxDelta: 5,
    uses: {},
    target: { use: "simple-queue", length: 5 },
    workload: {},
  };
  const capacity = { instances: 5 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a record has no more of it
  writer.opened({ tasks: [task], capacity } as unknown as EngineSpec, false);
  for (const second of [0, 1, 2, 3]) {
    const at = START + 1000 * second;
    const parts = { ready: second, arrived: 100 + 7 * second };
    const reading = { kind: "reading", value: second, at, parts } as const;
    const belief = { serviceRate: 4, startupSeconds: 6 };
    const decision = {
      task: name,
      desired: 1,
      reason: "meeting",
      granted: 1,
      requested: 1,
    } as const;
    writer.decided({
      at,
      wall: at,
      measured: { amounts: {} },
      observed: [{ ...nothingObserved(), reading }],
      decisions: [{ ...decision, limits: [], reading, counts: undefined, belief }],
    });
  }
  return `${lines.join("\n")}\n`;
}

const tasksOf = (mails: string): string => `tasks: { mails: ${mails} }`;
const SERVICE = { meanSeconds: 1, shape: "deterministic" } as const;

describe("a load file", () => {
  it("says how arrivals, instances and the metric are", async () => {
    const load = await read({
      "load.yaml": `
length: 10m
start: 2026-03-02T08:00:00Z
capacity: { cpu: 500m }
tasks:
  mails:
    arrivals: { csv: counts.csv, scale: 2 }
    service: { mean: 200ms, shape: lognormal, cv: 2 }
    startup: { time: 3s, jitter: 20% }
    stop: 1s
    startFails: 1%
    metric: { delay: 500ms, loss: 10%, shows: length }
    within: 2s
    initial: 3
  batch: { stop: 2s }
`,
      "counts.csv": COUNTS,
    });
    expect(load).toMatchObject({
      name: "load.yaml",
      seconds: 600,
      startMs: Date.UTC(2026, 2, 2, 8),
      capacity: { cpu: 0.5 },
    });
    const { arrivals, ...mails } = load.tasks.get("mails")!;
    expect(mails).toEqual({
      service: { meanSeconds: 0.2, shape: "lognormal", cv: 2 },
      startupSeconds: 3,
      startupJitter: 0.2,
      stopSeconds: 1,
      startFails: 0.01,
      signal: { shows: "length", delaySeconds: 0.5, loss: 0.1 },
      withinSeconds: 2,
      initial: 3,
    });
    const jobs = arrivals!.draw(SERVICE, 1);
    expect([jobs.seconds, jobs.rate[0], jobs.rate[119]]).toEqual([120, 2, 4]);
    expect(load.tasks.get("batch")).toMatchObject({ stopSeconds: 2 });
    expect(load.tasks.get("batch")?.arrivals).toBeUndefined();
  });

  it.each([
    ["step", "{ use: step, length: 1m, low: 1, high: 9, from: 10s, to: 20s }", [1, 9]],
    ["ramp", "{ use: ramp, length: 1m, low: 0, high: 10, from: 10s, top: 20s, fall: 30s }", [0, 5]],
    ["sine", "{ use: sine, length: 1m, mean: 4, amplitude: 50%, period: 60s }", [4, 6]],
    ["mmpp", "{ use: mmpp, length: 1m, quiet: 2, busy: 2, quietFor: 9s, busyFor: 9s }", [2, 2]],
    ["on-off", "{ use: on-off, length: 1m, jobs: 7, period: 15s }", [7, 7]],
    [
      "flash",
      "{ use: flash, length: 1m, base: 1, extra: 8, at: 11s, rise: 8s, hold: 40s, decay: 9s }",
      [1, 5],
    ],
  ])("takes a generator: %s", async (_use, arrivals, [first, quarter]) => {
    const load = await read({
      "load.yaml": tasksOf(`{ arrivals: ${arrivals}, service: { mean: 1s } }`),
    });
    const { rate, seconds } = load.tasks.get("mails")!.arrivals!.draw(SERVICE, 1);
    expect(seconds).toBe(60);
    expect([rate[0], rate[15]]).toEqual([first, quarter]);
  });

  it("takes jobs one by one, with their service times from columns or from the file", async () => {
    const load = await read({
      "load.yaml": `
tasks:
  mails: { arrivals: { csv: jobs.csv }, service: { base: 100ms, per: { tokens: 20ms } } }
  batch: { arrivals: { csv: timed.csv } }
`,
      "jobs.csv": JOBS,
      "timed.csv": TIMED,
    });
    const [mails, batch] = ["mails", "batch"].map((name) => {
      const { arrivals, service } = load.tasks.get(name)!;
      return arrivals!.draw(service!, 1);
    });
    expect([...mails!.work].map((work) => work.toFixed(3))).toEqual(["0.300", "0.700"]);
    expect([...batch!.work]).toEqual([2, 3]);
  });

  it("leaves to the config what it does not say", async () => {
    const hints = { hasMetric: true, serviceSeconds: 0.2, startupSeconds: 4, withinSeconds: 7 };
    const load = await read(
      { "load.yaml": tasksOf("{ arrivals: { csv: counts.csv } }"), "counts.csv": COUNTS },
      [["mails", hints]],
    );
    expect(load.tasks.get("mails")).toMatchObject({
      service: { meanSeconds: 0.2, shape: "exponential" },
      startupSeconds: 4,
      withinSeconds: 7,
    });
  });

  it("tells every mistake at once, each with its line", async () => {
    const file = `
length: 3
start: yesterday
tasks:
  mials: {}
  mails:
    arrivals: { use: step, length: 1m, low: -1, high: 3, form: 3s, to: 9s }
    service: { mean: 0s, shape: square, cv: 1 }
    startup: 20
    startFails: 100%
    metric: { shows: everything }
    wihtin: 3s
`;
    const error: unknown = await read({ "load.yaml": file }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_CONFIG_INVALID" });
    expect((error as { details: string[] }).details).toEqual([
      "load.yaml:2:9 length: expected a duration such as 500ms, 2s or 1m, found 3",
      'load.yaml:3:8 start: expected a time such as 2026-03-02T08:00:00Z, found "yesterday"',
      'load.yaml:5:3 tasks.mials: unknown key; did you mean "mails"?',
      "load.yaml:7:15 tasks.mails.arrivals.from: expected a duration such as 500ms, 2s or 1m, found nothing",
      "load.yaml:7:45 tasks.mails.arrivals.low: expected a number from 0, found -1",
      'load.yaml:7:58 tasks.mails.arrivals.form: unknown key; did you mean "from"?',
      'load.yaml:8:22 tasks.mails.service.mean: expected a duration of at least 1ms, found "0s"',
      'load.yaml:8:33 tasks.mails.service.shape: expected exponential, deterministic or lognormal, found "square"',
      "load.yaml:8:45 tasks.mails.service.cv: cv works only with lognormal, but shape is exponential",
      "load.yaml:9:14 tasks.mails.startup: expected a duration such as 3s, or { time: 3s, jitter: 20% }, found 20",
      'load.yaml:10:17 tasks.mails.startFails: expected a percentage below 100%, found "100%"',
      'load.yaml:11:22 tasks.mails.metric.shows: expected length, inFlight or totals, found "everything"',
      'load.yaml:12:5 tasks.mails.wihtin: unknown key; did you mean "within"?',
    ]);
  });

  it.each([
    ["5", "expected a map with arrivals, service"],
    ["{ arrivals: 5 }", "expected a map with csv, record or use, found 5"],
    [
      "{ arrivals: { use: ramp, length: 1m, low: 1, high: 2, from: 9s, top: 9s, fall: 20s }, service: { mean: 1s } }",
      'top: expected a time after from, which is 9s, found "9s"',
    ],
    ["{ arrivals: { use: stpe } }", 'found "stpe"; did you mean "step"?'],
    ["{ arrivals: { csv: counts.csv } }", "service: expected how long a job takes"],
    ["{ arrivals: { csv: none.csv }, service: { mean: 1s } }", "csv: none.csv: ENOENT"],
    ["{ arrivals: { csv: bad.csv }, service: { mean: 1s } }", "bad.csv:3: expected count"],
    ["{ arrivals: { csv: empty.csv }, service: { mean: 1s } }", "expected a column offset_s"],
    [
      "{ arrivals: { csv: jobs.csv, scale: 2 }, service: { mean: 1s } }",
      "scale works only with counts",
    ],
    ["{ arrivals: { csv: counts.csv }, service: { per: { tokens: 1s } } }", "needs a CSV of jobs"],
    ["{ arrivals: { csv: jobs.csv }, service: { per: { words: 1s } } }", "column words"],
    ["{ arrivals: { csv: jobs.csv }, service: 1s }", "a map such as { mean: 200ms }"],
  ])("names what is wrong with %s", async (mails, expected) => {
    const files = {
      "load.yaml": tasksOf(mails),
      "counts.csv": COUNTS,
      "jobs.csv": JOBS,
      "bad.csv": "offset_s,count\n0,1\n60,x\n",
      "empty.csv": "",
    };
    expect((await mistakes(files)).join("\n")).toContain(expected);
  });
});

describe("a CSV alone", () => {
  it("is the load of the one task with a metric", async () => {
    const hints = [...HINTS, ["mails", { hasMetric: true, serviceSeconds: 1 }]] as typeof HINTS;
    const load = await read({ "yesterday.csv": COUNTS }, hints);
    expect([...load.tasks.keys()]).toEqual(["mails"]);
    expect(load.name).toBe("yesterday.csv");
  });

  it("says what it lacks when nobody knows how long a job takes", async () => {
    expect(await mistakes({ "yesterday.csv": COUNTS })).toEqual([
      "tasks.mails.service: expected how long a job takes, such as { mean: 200ms }, found nothing",
    ]);
  });

  it("is refused when it could be of several tasks", async () => {
    const hints = [...HINTS, ["orders", { hasMetric: true }]] as typeof HINTS;
    await expect(read({ "yesterday.csv": COUNTS }, hints)).rejects.toMatchObject({
      code: "ERR_USAGE",
      message: expect.stringContaining("found mails, orders") as string,
      details: [expect.stringContaining("arrivals: { csv: yesterday.csv }")],
    });
  });
});

describe("a recorded run", () => {
  it("says how many arrived, when, and what the target learned of the instances", async () => {
    const load = await read({
      "load.yaml": tasksOf("{ arrivals: { record: run.jsonl } }"),
      "run.jsonl": recordOf("mails"),
    });
    const { arrivals, service, startupSeconds } = load.tasks.get("mails")!;
    expect(load.startMs).toBe(START);
    expect(service).toEqual({ meanSeconds: 0.25, shape: "exponential" });
    expect(startupSeconds).toBe(6);
    expect([...arrivals!.draw(SERVICE, 1).rate]).toEqual([7, 7, 7]);
  });

  it("is left aside where the load file says otherwise", async () => {
    const load = await read({
      "load.yaml": `start: 2026-03-02T08:00:00Z\n${tasksOf("{ arrivals: { record: run.jsonl }, service: { mean: 1s }, startup: 1s }")}`,
      "run.jsonl": recordOf("mails"),
    });
    expect(load.startMs).toBe(Date.UTC(2026, 2, 2, 8));
    expect(load.tasks.get("mails")).toMatchObject({
      service: { meanSeconds: 1 },
      startupSeconds: 1,
    });
  });

  it.each([
    ["is of another task", recordOf("orders"), "run.jsonl has fewer than two readings of mails"],
    ["is none", "hello\n", "record: run.jsonl:1: expected the header of a record"],
  ])("is refused when it %s", async (_what, text, expected) => {
    const files = {
      "load.yaml": tasksOf("{ arrivals: { record: run.jsonl } }"),
      "run.jsonl": text,
    };
    expect((await mistakes(files)).join("\n")).toContain(expected);
  });

  it("is used up to where a crash cut it, with a warning", async () => {
    const load = await read({
      "load.yaml": tasksOf("{ arrivals: { record: run.jsonl } }"),
      "run.jsonl": `${recordOf("mails")}{"at":17`,
    });
    expect(load.warnings).toEqual([expect.stringContaining("run.jsonl:6 is incomplete")]);
  });
});

it("says when there is no such file", async () => {
  await expect(read({}, HINTS, "nope.yaml")).rejects.toMatchObject({
    code: "ERR_CONFIG_UNREADABLE",
  });
});
