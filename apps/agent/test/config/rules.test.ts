import { expect, test } from "vitest";
import { failure, GOOD, load, packageFiles, pluginSource } from "./fixture.ts";

/** One task, `t`, and a capacity. */
const config = (task: string, capacity = "{ instances: 10 }"): string => `
scheduler: { use: docker }
capacity: ${capacity}
tasks:
  t: ${task}
`;
const QUEUE = "target: { use: queue, length: 5 }, metric: { use: nsq, topic: t }";

const REFUSED: readonly [what: string, yaml: string, line: RegExp][] = [
  [
    "min above max",
    config(`{ instances: { min: 5, max: 2 }, ${QUEUE} }`),
    /t\.instances\.min: expected at most max, which is 2, found 5$/,
  ],
  [
    "maxDelta 0",
    config(`{ instances: { maxDelta: 0 }, ${QUEUE} }`),
    /maxDelta: expected a whole number from 1, found 0$/,
  ],
  [
    "a queue without a metric",
    config("{ target: { use: queue, length: 5 } }"),
    /t\.metric: expected a metric because the target is queue, found nothing$/,
  ],
  [
    "a simple queue without a metric",
    config("{ target: { use: simple-queue, length: 5 } }"),
    /t\.metric: expected a metric because the target is simple-queue/,
  ],
  [
    "a remainder with a metric",
    config("{ target: { use: remainder }, metric: { use: nsq, topic: t } }"),
    /t\.metric: expected no metric, because the target remainder does not use one$/,
  ],
  [
    "a fixed target with a metric",
    config("{ target: { use: fixed, instances: 1 }, metric: { use: nsq, topic: t } }"),
    /t\.metric: expected no metric, because the target fixed/,
  ],
  [
    "no target",
    config("{ metric: { use: nsq, topic: t } }"),
    /t\.target: expected a target, such as .*, found nothing$/,
  ],
  [
    "a fixed count above max",
    config("{ instances: { max: 2 }, target: { use: fixed, instances: 3 } }"),
    /target\.instances: expected a count between min and max \(1 to 2\), found 3$/,
  ],
  [
    "a fallback above max",
    config(
      "{ instances: { max: 2 }, target: { use: queue, length: 5 }, metric: { use: nsq, topic: t, fallback: { atLeast: 3 } } }",
    ),
    /fallback\.atLeast: expected a count between min and max \(1 to 2\), found 3$/,
  ],
  [
    "a fallback below min",
    config(
      "{ instances: { min: 2 }, target: { use: queue, length: 5 }, metric: { use: nsq, topic: t, fallback: { instances: 1 } } }",
    ),
    /fallback\.instances: expected a count between min and max \(2 to 10\), found 1$/,
  ],
  [
    "a resource that the capacity has not",
    config(`{ uses: { memry: 1 }, ${QUEUE} }`, "{ instances: 10, memory: 8Gi }"),
    /t\.uses\.memry: is not a resource of the capacity; did you mean "memory"\?$/,
  ],
  [
    "instances among the uses",
    config(`{ uses: { instances: 2 }, ${QUEUE} }`),
    /t\.uses\.instances: every instance uses exactly one instance; remove this key$/,
  ],
  [
    "nothing that limits a task",
    config(`{ ${QUEUE} }`, "{ cpu: 4 }"),
    /tasks\.t: nothing limits this task; set instances\.max, or write under uses/,
  ],
  [
    "a maxAge below the interval",
    config("{ target: { use: queue, length: 5 }, metric: { use: nsq, topic: t, maxAge: 100ms } }"),
    /maxAge: expected at least the interval of the source, 250ms, found "100ms"$/,
  ],
];

test.each(REFUSED)("refuses %s", async (_what, yaml, line) => {
  const { details } = await failure(load(yaml));
  expect(details).toHaveLength(1);
  expect(details[0]).toMatch(line);
});

const BOUNDS: readonly [
  what: string,
  task: string,
  capacity: string,
  bounds: readonly [number, number, number],
][] = [
  ["all defaults", `{ ${QUEUE} }`, "{ instances: 10 }", [1, 10, 9]],
  ["min", `{ instances: { min: 4 }, ${QUEUE} }`, "{ instances: 10 }", [4, 10, 6]],
  ["max", `{ instances: { max: 4 }, ${QUEUE} }`, "{ instances: 10 }", [1, 4, 3]],
  ["min = max", `{ instances: { min: 3, max: 3 }, ${QUEUE} }`, "{ instances: 10 }", [3, 3, 1]],
  ["maxDelta", `{ instances: { maxDelta: 2 }, ${QUEUE} }`, "{ instances: 10 }", [1, 10, 2]],
  ["max 0", `{ instances: { max: 0 }, ${QUEUE} }`, "{ instances: 10 }", [0, 0, 1]],
  ["a remainder", "{ target: { use: remainder } }", "{ instances: 10 }", [0, 10, 10]],
  ["priority 0", "{ priority: 0 }", "{ instances: 10 }", [0, 10, 10]],
  ["fixed 0", "{ target: { use: fixed, instances: 0 } }", "{ instances: 10 }", [0, 10, 10]],
  [
    "what runs out first",
    `{ uses: { cpu: 500m, memory: 3Gi }, ${QUEUE} }`,
    "{ cpu: 4, memory: 8Gi }",
    [1, 2, 1],
  ],
  ["tenths", `{ uses: { cpu: 100m }, ${QUEUE} }`, "{ cpu: 300m }", [1, 3, 2]],
  ["no room for one", `{ uses: { cpu: 8 }, ${QUEUE} }`, "{ cpu: 4 }", [1, 1, 1]],
];

test.each(BOUNDS)("bounds: %s", async (_what, task, capacity, [min, max, maxDelta]) => {
  const { spec } = await load(config(task, capacity));
  expect(spec.tasks[0]).toMatchObject({ min, max, maxDelta });
});

test.each([
  ["queue", QUEUE],
  ["simple-queue", QUEUE.replace("use: queue", "use: simple-queue")],
])("a %s starts its first instance as soon as anything waits", async (use, task) => {
  const { spec, warnings } = await load(config(`{ instances: { min: 0 }, ${task} }`));
  expect(spec.tasks[0]?.target).toMatchObject({ use, keepsOne: true });
  expect(warnings).toEqual([]);
});

const WARNED: readonly [what: string, yaml: string, warning: RegExp][] = [
  [
    "mins above the capacity",
    config(`{ instances: { min: 11 }, ${QUEUE} }`),
    /overcommitted: all min together need 11 of instances, but the capacity has 10/,
  ],
  [
    "two remainders",
    `${GOOD}  more: { priority: 2, target: { use: remainder } }\n`,
    /tasks\.batch and tasks\.more: the first of several remainders with priority 2 takes all it can/,
  ],
  [
    "a source that nobody uses",
    `${GOOD}metrics: { other: { use: nsq } }\n`,
    /metrics\.other: no task uses this source, so it is not read/,
  ],
];

test.each(WARNED)("warns of %s", async (_what, yaml, warning) => {
  const { warnings } = await load(yaml);
  expect(warnings).toEqual([expect.stringMatching(warning)]);
});

test("does not warn of what is meant", async () => {
  expect((await load(GOOD)).warnings).toEqual([]);
});

test.each([
  ["", "leave, the default,"],
  ["shutdown: leave\n", "leave"],
])("instances that end with the agent cannot be left: %j", async (written, words) => {
  const capabilities =
    "capabilities: { watch: true, prepare: false, capacity: false, outlivesAgent: false, replaces: false }";
  const source = pluginSource("scheduler", "mortal", capabilities);
  const files = packageFiles(".", "microscaling-scheduler-mortal", source);
  const yaml = GOOD.replace("use: docker", "use: mortal");
  expect((await load(yaml + written, { files })).warnings).toEqual([
    `shutdown: ${words} cannot leave the instances of mortal, which end with the agent; write shutdown: drain`,
  ]);
  expect((await load(`${yaml}shutdown: drain\n`, { files })).warnings).toEqual([]);
});
