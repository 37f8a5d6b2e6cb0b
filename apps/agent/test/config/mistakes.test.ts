import { expect, test } from "vitest";
import { failure, GOOD, load } from "./fixture.ts";

/** One mistake in an otherwise right config, and the line that tells it. */
const TABLE: readonly [what: string, yaml: string, line: string | RegExp][] = [
  [
    "nothing in the file",
    "",
    /^microscaling\.yaml:1:1 expected a map with scheduler, .*, found nothing$/,
  ],
  ["a list", "- a\n", /expected a map with scheduler, .*, found a list$/],
  [
    "a wrong type",
    GOOD.replace("priority: 1", "priority: first"),
    'microscaling.yaml:6:15 tasks.consumer.priority: expected a whole number from 0, found "first"',
  ],
  [
    "a number below its range",
    GOOD.replace("priority: 1", "instances: { min: -1 }"),
    "microscaling.yaml:6:23 tasks.consumer.instances.min: expected a whole number from 0, found -1",
  ],
  [
    "a fraction of an instance",
    GOOD.replace("priority: 1", "instances: { min: 1.5 }"),
    /instances\.min: expected a whole number from 0, found 1\.5$/,
  ],
  [
    "not a number",
    GOOD.replace("length: 50", "length: .nan"),
    /target\.length: expected a number above 0, found NaN$/,
  ],
  [
    "infinity",
    GOOD.replace("length: 50", "length: .inf"),
    /target\.length: expected a number above 0, found Infinity$/,
  ],
  [
    "an unknown key at the top",
    `${GOOD}taks: {}\n`,
    'microscaling.yaml:14:1 taks: unknown key; did you mean "tasks"?',
  ],
  [
    "an unknown key of a task",
    GOOD.replace("priority: 1", "prioritee: 1"),
    'microscaling.yaml:6:5 tasks.consumer.prioritee: unknown key; did you mean "priority"?',
  ],
  [
    "an unknown key that is like no other",
    GOOD.replace("priority: 1", "xyz: 1"),
    "microscaling.yaml:6:5 tasks.consumer.xyz: unknown key",
  ],
  [
    "an unknown key of a target",
    GOOD.replace("length: 50", "length: 50, kp: 1"),
    /tasks\.consumer\.target\.kp: unknown key; did you mean "kP"\?$/,
  ],
  [
    "an unknown target",
    GOOD.replace("use: queue,", "use: queu,"),
    /target\.use: expected latency, queue, simple-queue, remainder or fixed, found "queu"; did you mean "queue"\?$/,
  ],
  [
    "a scheduler's unknown option",
    GOOD.replace("use: docker", "use: docker, hosst: x"),
    'microscaling.yaml:2:27 scheduler.hosst: unknown key; did you mean "host"?',
  ],
  [
    "a slip in one of the agent's own keys among a plugin's",
    GOOD.replace("use: docker", "use: docker, timeuot: 3s"),
    /scheduler\.timeuot: unknown key; did you mean "timeout"\?$/,
  ],
  [
    "a plugin's option of a wrong type",
    GOOD.replace("use: docker", "use: docker, size: large"),
    'microscaling.yaml:2:33 scheduler.size: expected number, found "large"',
  ],
  [
    "a workload that the scheduler refuses",
    GOOD.replace("{ image: queue-demo }", "{ image: 7 }"),
    "microscaling.yaml:7:24 tasks.consumer.workload.image: expected string, found 7",
  ],
  [
    "a query without what it needs",
    GOOD.replace("topic: demo, ", ""),
    "microscaling.yaml:8:13 tasks.consumer.metric.topic: expected string, found nothing",
  ],
  [
    "a duration without its unit",
    GOOD.replace("use: docker", "use: docker, interval: 500"),
    /scheduler\.interval: expected a duration such as 500ms, 2s or 1m, found 500$/,
  ],
  [
    "an interval that is too short",
    GOOD.replace("use: docker", "use: docker, interval: 49ms"),
    /scheduler\.interval: expected a duration of at least 50ms, found "49ms"$/,
  ],
  [
    "an amount that is none",
    GOOD.replace("instances: 10", "instances: 10, memory: 8GB"),
    /capacity\.memory: expected an amount: .*, found "8GB"$/,
  ],
  [
    "a plain number as capacity",
    GOOD.replace("{ instances: 10 }", "10"),
    /^microscaling\.yaml:3:11 capacity: expected a map of amounts, .*, found 10$/,
  ],
  [
    "no amount",
    GOOD.replace("{ instances: 10 }", "{}"),
    /capacity: expected at least one amount, .*, found an empty map$/,
  ],
  [
    "no tasks",
    "scheduler: { use: docker }\ncapacity: { instances: 1 }\n",
    /^microscaling\.yaml:1:1 tasks: expected a map of named tasks, found nothing$/,
  ],
  [
    "an empty map of tasks",
    "scheduler: { use: docker }\ncapacity: { instances: 1 }\ntasks: {}\n",
    /tasks: expected at least one task, found an empty map$/,
  ],
  [
    "a task that is no map",
    `${GOOD}  third: 3\n`,
    /^microscaling\.yaml:14:10 tasks\.third: expected a map with priority, .*, found 3$/,
  ],
  [
    "a name that is written twice",
    `${GOOD}  batch: { target: { use: remainder } }\n`,
    'microscaling.yaml:14:3 tasks.batch: "batch" occurs twice',
  ],
  [
    "a key that would change objects",
    `${GOOD}  __proto__: { polluted: true }\n`,
    'microscaling.yaml:14:3 tasks.__proto__: "__proto__" cannot be a key',
  ],
  [
    "a word that is not one of some",
    `${GOOD}shutdown: drian\n`,
    /shutdown: expected leave or drain, found "drian"; did you mean "drain"\?$/,
  ],
  [
    "a port that is none",
    `${GOOD}http: { port: 70000 }\n`,
    /http\.port: expected a port from 0 to 65535, found 70000$/,
  ],
  [
    "http: true",
    `${GOOD}http: true\n`,
    /http: expected false, or a map with host and port, found true$/,
  ],
  [
    "a fallback that is none",
    GOOD.replace("topic: demo,", "topic: demo, fallback: zero,"),
    /fallback: expected hold, \{ instances: n \} or \{ atLeast: n \}, found "zero"$/,
  ],
  ["a long text is cut", `${GOOD}shutdown: ${"x".repeat(5000)}\n`, /found "x{60}…"$/],
];

const matches = (found: string, line: string | RegExp): boolean =>
  typeof line === "string" ? found === line : line.test(found);

test.each(TABLE)("%s is told with its place", async (_what, yaml, line) => {
  const { code, details } = await failure(load(yaml));
  expect(code).toBe("ERR_CONFIG_INVALID");
  expect(details.filter((found) => matches(found, line))).toHaveLength(1);
});

test("tells every mistake at once, in the order of the file, whatever its kind", async () => {
  const { message, details } = await failure(
    load(`
scheduler: { use: docker, hosst: x }
capacity: { instances: -1 }
tasks:
  a:
    instances: { min: 5, max: 2 }
    workload: { image: 7 }
    metric: { use: nsk, topic: t }
    target: { use: queue, length: two }
  b:
    prio: 1
    workload: { image: "\${MSS_TEST_UNSET}" }
    target: { use: queue, length: 3 }
`),
  );
  expect(details.map((line) => line.split(": ")[0])).toEqual([
    "microscaling.yaml:2:27 scheduler.hosst",
    "microscaling.yaml:3:24 capacity.instances",
    "microscaling.yaml:6:23 tasks.a.instances.min",
    "microscaling.yaml:7:24 tasks.a.workload.image",
    "microscaling.yaml:8:20 tasks.a.metric.use",
    "microscaling.yaml:9:35 tasks.a.target.length",
    "microscaling.yaml:11:5 tasks.b.prio",
    "microscaling.yaml:11:5 tasks.b.metric",
    "microscaling.yaml:12:24 tasks.b.workload.image",
  ]);
  expect(message).toBe("microscaling.yaml has 9 mistakes");
});

test("a mistake is told by the path of the file as it was given", async () => {
  const yaml = GOOD.replace("priority: 1", "priority: first");
  const { details } = await failure(
    load(undefined, { files: { "etc/mine.yaml": yaml }, file: "etc/mine.yaml" }),
  );
  expect(details[0]).toMatch(/^etc\/mine\.yaml:6:15 /);
});

test("makes nothing while anything is wrong", async () => {
  const { made } = await import("./fixture.ts");
  made.length = 0;
  await failure(load(GOOD.replace("priority: 1", "priority: first")));
  expect(made).toEqual([]);
});
