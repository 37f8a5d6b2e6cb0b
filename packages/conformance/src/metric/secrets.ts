import type { MetricQuery } from "@microscaling/core";

import type { TestRunner } from "../runner.ts";
import { createTold, type Told } from "../secrets.ts";
import { tracesOf } from "../traces.ts";
import { make, onBench, patient } from "./bench.ts";
import type { MetricFixture } from "./fixture.ts";

/** Errors and log lines tell no secret, and no URL that may have one in it: while all is well, and while the backend fails. */
export function metricSecretSuite({ describe, it }: TestRunner, fixture: MetricFixture): void {
  const { secret, unreachable, outage, missing = [] } = fixture;
  describe("secrets", () => {
    it(
      "are in no error and no log line",
      onBench(fixture, async ({ queries, query, within }) => {
        const told = createTold();
        const nowhere = await Promise.all(missing.map((one) => query("nowhere", one.query())));
        const all = [...queries, ...nowhere];
        const readBy = (written: unknown): Promise<void> =>
          within(readAll(fixture, written, all, told), "read");
        await readBy(fixture.options());
        if (unreachable !== undefined) await readBy(unreachable());
        if (outage !== undefined) {
          await outage.begin();
          try {
            await readBy(fixture.options());
          } finally {
            await outage.end();
          }
        }
        told.assertClean(secret?.());
      }),
    );
  });
}

async function readAll(
  fixture: MetricFixture,
  written: unknown,
  queries: readonly MetricQuery[],
  told: Told,
): Promise<void> {
  const metric = await told.hear(make(fixture, written, told.logger));
  if (metric === undefined) return;
  try {
    for (const result of (await told.hear(metric.read(queries, patient()))) ?? [])
      if (result.kind === "failure") told.heard(result.error);
  } finally {
    await metric.close().catch(() => {});
    tracesOf(metric).release();
  }
}
