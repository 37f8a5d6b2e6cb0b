import { expect, test } from "vitest";
import { parse } from "yaml";
import { tunableOf } from "../../src/simulate/tunable.ts";
import { load } from "../config/fixture.ts";

test.each([
  "{ use: latency, within: 10s, serviceTime: 2s }",
  "{ use: queue, length: 5, kP: 0.1 }",
  "{ use: queue, length: 5, gains: auto }",
  "{ use: simple-queue, length: 5 }",
])("what tune writes of target: %s is a config that means the same", async (target) => {
  const yaml = (of: string): string => `
scheduler: { use: docker }
capacity: { instances: 10 }
tasks:
  t: { metric: { use: nsq, topic: t }, target: ${of} }
`;
  const { spec } = await load(yaml(target));
  const tunable = tunableOf(spec, spec.capacity, new Map([["t", 10]]));
  const written = parse(tunable.yaml(tunable.start)) as { tasks: { t: { target: object } } };
  const again = await load(yaml(JSON.stringify(written.tasks.t.target)));
  expect(again.spec.tasks[0]?.target).toEqual(spec.tasks[0]?.target);
});
