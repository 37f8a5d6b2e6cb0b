import { expect, test } from "vitest";
import {
  createFolder,
  failure,
  GOOD,
  load,
  packageFiles,
  PLUGINS,
  pluginSource,
} from "./fixture.ts";

/** One task, `t`, with more at the top. */
const config = (task: string, more = "", capacity = "{ instances: 10 }"): string => `
scheduler: { use: docker }
capacity: ${capacity}
${more}
tasks:
  t: { metric: { use: nsq, topic: t }, ${task} }
`;
const LATENCY = "target: { use: latency, within: 5s }";
const window = (keys: string): string => `${LATENCY}, schedule: [{ ${keys} }]`;

/** A scheduler that says what there is. */
const MEASURING = {
  ...PLUGINS,
  ...packageFiles(
    ".",
    "@microscaling/scheduler-docker",
    pluginSource("scheduler", "docker").replace("capacity: false", "capacity: true"),
  ),
};

test("a latency target needs no more than how long a job may wait", async () => {
  const { spec, warnings } = await load(config(LATENCY));
  expect(spec.tasks[0]?.target).toEqual({ use: "latency", withinMs: 5000, changesPerMinute: 6 });
  expect(warnings).toEqual([]);
});

test("takes every key of a latency target, of sharing and of a schedule", async () => {
  const { spec } = await load(`
scheduler: { use: docker }
capacity: { instances: 10, cpu: 8 }
share: fair
groups: { media: { cpu: 4 } }
sharing: { minIsGuarantee: false, protectYoung: false, maxTakenShare: 0.25 }
tasks:
  t:
    instances: { max: 8 }
    uses: { cpu: 500m }
    weight: 2.5
    group: media
    schedule:
      - { start: "0 8 * * 1-5", for: 10h, timeZone: Europe/Berlin, min: 3 }
      - { start: "30 6 1 * *", for: 90m, min: 2, max: 10 }
    metric: { use: nsq, topic: t }
    target: { use: latency, within: 5s, serviceTime: 200ms, startupTime: 3s, concurrency: 4, startCost: 1m, changesPerMinute: 4 }
`);
  expect(spec.sharing).toEqual({
    share: "fair",
    minIsGuarantee: false,
    protectYoung: false,
    maxTakenShare: 0.25,
    groups: new Map([["media", { cpu: 4 }]]),
  });
  expect(spec.tasks[0]).toMatchObject({
    weight: 2.5,
    group: "media",
    min: 1,
    max: 8,
    // From the lowest to the highest that any window allows.
    maxDelta: 9,
    schedule: [
      { start: "0 8 * * 1-5", durationMs: 36_000_000, timeZone: "Europe/Berlin", min: 3 },
      { start: "30 6 1 * *", durationMs: 5_400_000, timeZone: "UTC", min: 2, max: 10 },
    ],
    target: {
      use: "latency",
      withinMs: 5000,
      serviceMs: 200,
      startupMs: 3000,
      concurrency: 4,
      startCostMs: 60_000,
      changesPerMinute: 4,
    },
  });
});

test("a file shares fairly unless it says otherwise; variables alone share as the original", async () => {
  const fair = { minIsGuarantee: true, protectYoung: true, maxTakenShare: 1, groups: new Map() };
  expect((await load(GOOD)).spec.sharing).toEqual({ share: "fair", ...fair });
  expect((await load(`${GOOD}share: ordered\n`)).spec.sharing?.share).toBe("ordered");
  expect((await load(GOOD, { env: { MSS_KP: "1" } })).spec.sharing?.share).toBe("fair");
  const message = '{ "maxContainers": 3, "apps": [{ "name": "a", "priority": 1 }] }';
  expect((await load(undefined, { env: { MSS_CONFIG_DATA: message } })).spec.sharing?.share).toBe(
    "ordered",
  );
  const env = { MSS_CONFIG: "HARDCODED" };
  expect((await load(undefined, { env })).spec.sharing?.share).toBe("ordered");
});

test("gains auto", async () => {
  const yaml = config("target: { use: queue, length: 5, gains: auto }");
  expect((await load(yaml)).spec.tasks[0]?.target).toMatchObject({ use: "queue", gains: "auto" });
});

test("the scheduler's word for an amount", async () => {
  const yaml = config(
    `instances: { max: 4 }, uses: { cpu: 1 }, ${LATENCY}`,
    "",
    "{ instances: 10, cpu: scheduler }",
  );
  const { spec, warnings } = await load(yaml, {
    cwd: createFolder({ ...MEASURING, "microscaling.yaml": yaml }),
  });
  expect(spec.measured).toEqual(["cpu"]);
  expect(spec.capacity).toEqual({ instances: 10, cpu: 0 });
  expect(spec.tasks[0]).toMatchObject({ max: 4 });
  expect(warnings).toEqual([]);
});

const REFUSED: readonly [what: string, yaml: string, line: RegExp][] = [
  [
    "latency without a metric",
    `scheduler: { use: docker }\ncapacity: { instances: 1 }\ntasks: { t: { ${LATENCY} } }\n`,
    /t\.metric: expected a metric because the target is latency, found nothing$/,
  ],
  [
    "latency without within",
    config("target: { use: latency }"),
    /target\.within: expected a duration such as .*, found nothing$/,
  ],
  [
    "a wait of no time",
    config("target: { use: latency, within: 0s }"),
    /target\.within: expected a duration of at least 1ms, found "0s"$/,
  ],
  [
    "changesPerMinute 0",
    config("target: { use: latency, within: 5s, changesPerMinute: 0 }"),
    /changesPerMinute: expected a number above 0, found 0$/,
  ],
  [
    "gains given and fitted",
    config("target: { use: queue, length: 5, gains: auto, kP: 1 }"),
    /target\.kP: expected no kP with gains: auto, which learns it; remove either kP or gains$/,
  ],
  [
    "unknown gains",
    config("target: { use: queue, length: 5, gains: atuo }"),
    /target\.gains: expected classic or auto, found "atuo"; did you mean "auto"\?$/,
  ],
  ["weight 0", config(`weight: 0, ${LATENCY}`), /t\.weight: expected a number above 0, found 0$/],
  [
    "a group that is not there",
    config(`group: medai, ${LATENCY}`, "groups: { media: { instances: 4 } }"),
    /t\.group: expected the name of a group under groups, found "medai"; did you mean "media"\?$/,
  ],
  [
    "a group of what is not in the capacity",
    config(
      `group: media, ${LATENCY}`,
      "groups: { media: { cpus: 4 } }",
      "{ instances: 9, cpu: 8 }",
    ),
    /groups\.media\.cpus: is not a resource of the capacity; did you mean "cpu"\?$/,
  ],
  [
    "an empty group",
    config(`group: media, ${LATENCY}`, "groups: { media: {} }"),
    /groups\.media: expected at least one amount, such as \{ cpu: 4 \}, found an empty map$/,
  ],
  [
    "a weight where the order decides",
    config(`weight: 2, ${LATENCY}`, "share: ordered"),
    /t\.weight: works only with share: fair$/,
  ],
  [
    "groups where the order decides",
    config(`group: g, ${LATENCY}`, "share: ordered\ngroups: { g: { instances: 1 } }"),
    /groups: works only with share: fair$/,
  ],
  [
    "an unknown way to share",
    config(LATENCY, "share: fiar"),
    /share: expected fair or ordered, found "fiar"; did you mean "fair"\?$/,
  ],
  [
    "more than all of the capacity in a round",
    config(LATENCY, "sharing: { maxTakenShare: 1.5 }"),
    /sharing\.maxTakenShare: expected a number above 0 and at most 1, found 1\.5$/,
  ],
  [
    "a start that is not cron",
    config(window('start: "8:00", for: 1h, min: 2')),
    /schedule\[0\]\.start: expected a cron expression of five fields, such as 0 8 \* \* 1-5, found "8:00"$/,
  ],
  [
    "a start that never comes",
    config(window('start: "0 0 31 2 *", for: 1h, min: 2')),
    /schedule\[0\]\.start: expected a cron expression of five fields, .*found "0 0 31 2 \*"$/,
  ],
  [
    "a time zone that is none",
    config(window('start: "0 8 * * *", for: 1h, timeZone: Berlin, min: 2')),
    /schedule\[0\]\.timeZone: expected the name of a time zone, such as .*, found "Berlin"$/,
  ],
  [
    "a window without bounds",
    config(window('start: "0 8 * * *", for: 1h')),
    /schedule\[0\]: expected a window with min, max or both, found a map$/,
  ],
  [
    "a window whose min is above the task's max",
    config(window('start: "0 8 * * *", for: 1h, min: 12')),
    /schedule\[0\]\.min: expected at most the task's max, which is 10, found 12$/,
  ],
  [
    "a window whose max is below the task's min",
    config(window('start: "0 8 * * *", for: 1h, max: 0')),
    /schedule\[0\]\.max: expected at least the task's min, which is 1, found 0$/,
  ],
  [
    "a window whose min is above its max",
    config(window('start: "0 8 * * *", for: 1h, min: 3, max: 2')),
    /schedule\[0\]\.min: expected at most max, which is 2, found 3$/,
  ],
  [
    "a scheduler that cannot say what there is",
    config(
      `instances: { max: 4 }, uses: { cpu: 1 }, ${LATENCY}`,
      "",
      "{ instances: 9, cpu: scheduler }",
    ),
    /capacity\.cpu: expected an amount because the scheduler docker does not report its capacity/,
  ],
  [
    "an amount that is neither",
    config(LATENCY, "", "{ instances: shceduler }"),
    /capacity\.instances: expected an amount: .*or scheduler, for the amount that the scheduler reports, found/,
  ],
];

test.each(REFUSED)("refuses %s", async (_what, yaml, line) => {
  const { details } = await failure(load(yaml));
  expect(details).toHaveLength(1);
  expect(details[0]).toMatch(line);
});

test("says what limits a task while the scheduler has not said what there is", async () => {
  const yaml = config(`uses: { cpu: 1 }, ${LATENCY}`, "", "{ cpu: scheduler }");
  const cwd = createFolder({ ...MEASURING, "microscaling.yaml": yaml });
  const { details } = await failure(load(yaml, { cwd }));
  expect(details).toEqual([
    expect.stringMatching(/tasks\.t: nothing limits this task until .*; set instances\.max$/),
  ]);
});

const WARNED: readonly [what: string, yaml: string, warning: RegExp][] = [
  [
    "a wait that is shorter than a start",
    config("target: { use: latency, within: 2s, startupTime: 3s }"),
    /tasks\.t: within 2s is shorter than a start \(startupTime 3s\), so jobs of a burst will wait longer/,
  ],
  [
    "a group that nobody is in",
    config(LATENCY, "groups: { media: { instances: 4 } }"),
    /groups\.media: no task is in this group/,
  ],
];

test.each(WARNED)("warns of %s", async (_what, yaml, warning) => {
  const { warnings } = await load(yaml);
  expect(warnings).toEqual([expect.stringMatching(warning)]);
});
