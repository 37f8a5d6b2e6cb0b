import { expect, test } from "vitest";
import { failure, GOOD, load } from "./fixture.ts";

const withImage = (image: string): string => GOOD.replace("queue-demo", () => `"${image}"`);

test("puts the values of variables in, whole or inside a text", async () => {
  const env = { REGISTRY: "registry.example.com", TAG: "v1" };
  const config = await load(withImage("${REGISTRY}/queue:${TAG}"), { env });
  expect(config.spec.tasks[0]?.workload).toEqual({ image: "registry.example.com/queue:v1" });
});

test("$${ stands for a literal ${", async () => {
  const config = await load(withImage("$${REGISTRY}/$x"));
  expect(config.spec.tasks[0]?.workload).toEqual({ image: "${REGISTRY}/$x" });
});

test("a value is not looked through again", async () => {
  const config = await load(withImage("${A}"), { env: { A: "${B}", B: "no" } });
  expect(config.spec.tasks[0]?.workload).toEqual({ image: "${B}" });
});

test("a variable that is not set is a mistake with its place, and the only one there", async () => {
  const yaml = GOOD.replace("use: docker", 'use: docker, timeout: "${LIMIT}"');
  const { details } = await failure(load(yaml));
  expect(details).toEqual([
    "microscaling.yaml:2:36 scheduler.timeout: the variable LIMIT is not set; set it, or write $${LIMIT} for the literal text",
  ]);
});

test.each(["${}", "${a-b}", "${unclosed", "${A:-default}"])("%s is a mistake", async (image) => {
  const { details } = await failure(load(withImage(image), { env: { A: "x" } }));
  expect(details[0]).toMatch(/expected the name of a variable in \$\{…\}/);
});

test("what came from a variable is a secret, and a short value is not", async () => {
  const yaml = GOOD.replace("{ image: queue-demo }", '{ image: "${TAG}", password: "${PASS}" }');
  const config = await load(yaml, { env: { PASS: "hunter2!", TAG: "v1" } });
  expect(config.secrets).toEqual(["hunter2!"]);
});

test("a mistake never shows a secret, whoever words it", async () => {
  const env = { PASS: "hunter2!" };
  const spoilt = [
    GOOD.replace("priority: 1", 'priority: "${PASS}"'),
    GOOD.replace("use: docker", 'use: docker, size: "${PASS}"'),
    GOOD.replace("use: docker }", 'use: "docker-${PASS}" }'),
    `${GOOD}shutdown: "\${PASS}"\n`,
    GOOD.replace("topic: demo,", 'topic: demo, fallback: "${PASS}",'),
    GOOD.replace("use: queue,", 'use: "${PASS}",'),
  ];
  for (const yaml of spoilt) {
    const found = await failure(load(yaml, { env }));
    expect(JSON.stringify(found)).not.toContain("hunter2!");
  }
  const { details } = await failure(load(spoilt[0], { env }));
  expect(details[0]).toBe(
    "microscaling.yaml:6:15 tasks.consumer.priority: expected a whole number from 0, found a value from ${PASS}",
  );
});
