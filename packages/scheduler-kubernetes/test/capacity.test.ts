import { expect, it } from "vitest";

import { readCapacity } from "../src/capacity.ts";
import { never } from "./support.ts";

const node = { spec: {}, status: { allocatable: { cpu: "2", memory: "1Gi", pods: "10" } } };

function read(...pages: readonly object[]): ReturnType<typeof readCapacity> {
  const left = [...pages];
  const connection = {
    at: "https://cluster",
    namespace: async () => "default",
    ask: async () => left.shift(),
  };
  return readCapacity(connection, undefined, never);
}

it("is the sum of all pages", async () => {
  const first = { items: [node, node], metadata: { continue: "more" } };
  const sum = { cpu: 6, memory: 3 * 2 ** 30, instances: 30 };
  expect(await read(first, { items: [node], metadata: {} })).toEqual(sum);
});

it.each([
  ["no nodes", { items: [] }],
  ["no list", { items: null }],
  ["nothing", {}],
  ["only nodes that take no pods", { items: [{ ...node, spec: { unschedulable: true } }] }],
])("is no 0 where the answer has %s: what was known before stands", async (_, answer) => {
  await expect(read(answer)).rejects.toMatchObject({
    code: "ERR_SCHEDULER_REFUSED",
    message: expect.stringMatching(/https:\/\/cluster lists no node.*kubectl get nodes/) as unknown,
  });
});
