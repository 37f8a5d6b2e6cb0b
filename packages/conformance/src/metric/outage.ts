import assert from "node:assert/strict";

import type { Switch, TestRunner } from "../runner.ts";
import { tracesOf } from "../traces.ts";
import { assertFails, assertReading, make, onBench, patient } from "./bench.ts";
import type { MetricFixture } from "./fixture.ts";

/** A source that fails is a failure, never a number; one that is paused is a hold. */
export function metricOutageSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  const { unreachable, outage, pause } = fixture;
  if (unreachable !== undefined || outage !== undefined) {
    describe("a backend that fails", () => {
      if (unreachable !== undefined) {
        it(
          "is a failure when it cannot be reached",
          onBench(fixture, async ({ queries, within }) => {
            const metric = await make(fixture, unreachable());
            try {
              await within(assertFails(metric.read(queries, patient())), "read");
            } finally {
              await metric.close();
              tracesOf(metric).release();
            }
          }),
        );
      }
      if (outage !== undefined) outageTests({ describe, it }, fixture, outage);
    });
  }
  if (pause !== undefined) {
    describe("a queue that is paused", () => {
      it(
        "is held, with the reason, and read again afterwards",
        onBench(fixture, async ({ queries, read, untilRead, until }) => {
          await fixture.setQueue(0, 3);
          await pause.begin();
          try {
            const hold = await until(async () => {
              const [result] = await read([queries[0]]);
              return result?.kind === "hold" && result;
            }, "hold");
            assert.match(hold.reason, /\w/);
          } finally {
            await pause.end();
          }
          await untilRead(queries[0], 3);
        }),
      );
    });
  }
}

function outageTests({ it }: TestRunner, fixture: MetricFixture, outage: Switch): void {
  it(
    "is a failure, not a number",
    onBench(fixture, async ({ metric, queries, read, within }) => {
      for (const result of await read(queries)) assertReading(result);
      await during(outage, async () => {
        await within(assertFails(metric.read(queries, patient())), "read");
      });
    }),
  );
  it(
    "is read again when it is back",
    onBench(fixture, async ({ metric, queries, within, until }) => {
      await fixture.setQueue(0, 4);
      await during(outage, async () => {
        await within(
          metric.read(queries, patient()).catch(() => {}),
          "read",
        );
      });
      await until(async () => {
        const results = await metric.read([queries[0]], patient()).catch(() => []);
        const [result] = results;
        return result?.kind === "reading" && result.value === 4;
      }, "read again");
    }),
  );
}

async function during(outage: Switch, body: () => Promise<void>): Promise<void> {
  await outage.begin();
  try {
    await body();
  } finally {
    await outage.end();
  }
}
