import assert from "node:assert/strict";

import type { MetricPlugin } from "@microscaling/core";

import type { TestRunner } from "../runner.ts";
import { assertAmount, assertOurs, assertReading, onBench } from "./bench.ts";
import type { MetricFixture, MissingExample } from "./fixture.ts";

const MANY = 100;

/** `read` gives each task its own number, with its time and its parts. */
export function metricReadSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  const { plugin, clock, missing = [], requests } = fixture;
  describe("read", () => {
    it(
      "follows the length of a queue, down to 0",
      onBench(fixture, async ({ queries, untilRead }) => {
        for (const length of [7, 2, 0]) {
          await fixture.setQueue(0, length);
          await untilRead(queries[0], length);
        }
      }),
    );
    it(
      "gives one result for each query, in their order",
      onBench(fixture, async ({ queries: [first, second], read, untilRead }) => {
        await fixture.setQueue(0, 3);
        await fixture.setQueue(1, 5);
        await untilRead(first, 3);
        await untilRead(second, 5);
        const results = await read([second, first, second]);
        const values = results.map((result) => result.kind === "reading" && result.value);
        assert.deepEqual(values, [5, 3, 5]);
      }),
    );
    it(
      "gives finite numbers from 0, with finite parts from 0",
      onBench(fixture, async ({ queries, read }) => {
        await fixture.setQueue(0, 4);
        for (const result of await read(queries)) {
          assertReading(result);
          assertAmount(result.value, "value");
          for (const [part, amount] of Object.entries(result.parts ?? {})) {
            assertAmount(amount, part);
          }
        }
      }),
    );
    it(
      "gives no parts but those it declares",
      onBench(fixture, async ({ queries, read }) => {
        const results = await read(queries);
        for (const [index, result] of results.entries()) {
          if (result.kind !== "reading") continue;
          const declared = partsOf(plugin, queries[index]?.query);
          for (const part of Object.keys(result.parts ?? {})) {
            assert.ok(declared.includes(part), `${part} is a part that is declared`);
          }
        }
      }),
    );
    it(
      "says when a number was true: after the call began and before it ended",
      onBench(fixture, async ({ queries, read }) => {
        const before = clock.now();
        const results = await read(queries);
        const after = clock.now();
        for (const result of results) {
          if (result.kind !== "reading") continue;
          const { at } = result;
          assert.ok(at >= before && at <= after, `at ${at} is between ${before} and ${after}`);
        }
      }),
    );
    it(
      "reads nothing when nothing is asked",
      onBench(fixture, async ({ read }) => {
        assert.deepEqual(await read([]), []);
      }),
    );
    it(
      "answers a hundred queries in one call",
      onBench(fixture, async ({ queries, read, untilRead }) => {
        await fixture.setQueue(0, 6);
        await untilRead(queries[0], 6);
        const many = Array.from({ length: MANY }, (_, index) => ({
          task: `task-${index}`,
          query: queries[0].query,
        }));
        const results = await read(many);
        assert.equal(results.length, MANY);
        for (const result of results) {
          assertReading(result);
          assert.equal(result.value, 6);
        }
      }),
    );
    if (requests !== undefined) {
      it(
        "makes no more requests for a hundred queries than for one",
        onBench(fixture, async ({ queries, read }) => {
          const asked = async (count: number): Promise<number> => {
            const before = await requests();
            await read(Array.from({ length: count }, () => queries[0]));
            return (await requests()) - before;
          };
          // The first read may have more to find out.
          await asked(1);
          assert.equal(await asked(MANY), await asked(1));
        }),
      );
    }
    for (const example of missing) missingTest({ describe, it }, fixture, example);
  });
}

function missingTest({ it }: TestRunner, fixture: MetricFixture, example: MissingExample): void {
  const { what = "queue", gives } = example;
  it(
    `gives ${gives} for a ${what} that does not exist, and the others' numbers`,
    onBench(fixture, async ({ queries, query, read, untilRead }) => {
      await fixture.setQueue(0, 2);
      await untilRead(queries[0], 2);
      const nowhere = await query("nowhere", example.query());
      const [none, some] = await read([nowhere, queries[0]]);
      assertReading(some);
      assert.equal(some.value, 2);
      if (gives === "zero") {
        assertReading(none);
        assert.equal(none.value, 0);
        return;
      }
      assert.equal(none?.kind, gives);
      if (none?.kind === "failure") assertOurs(none.error);
    }),
  );
}

/** The parts that the readings of a query may carry. Each is one of `capabilities.parts`. */
function partsOf(plugin: MetricPlugin, query: unknown): string[] {
  const all: readonly string[] = plugin.capabilities.parts;
  const own: readonly string[] = plugin.partsOf?.(query) ?? all;
  // That they are a list is a test of its own.
  return Array.isArray(all) ? own.filter((part) => all.includes(part)) : [...own];
}
