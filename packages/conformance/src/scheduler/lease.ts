import assert from "node:assert/strict";

import type { Claim, Lease, LeaseState, Scheduler } from "@microscaling/core";

import type { Switch, TestRunner } from "../runner.ts";
import { assertOurs, onBench, patient, type SchedulerBench } from "./bench.ts";
import type { SchedulerFixture } from "./fixture.ts";

const ONE: Claim = { holder: "one", durationMs: 15_000 };
const TWO: Claim = { holder: "two", durationMs: 20_000 };
const NOBODY: Claim = { holder: "", durationMs: 15_000 };

/** Two agents' sight of one lease that nobody has written yet. */
interface Shared extends SchedulerBench {
  readonly one: Lease;
  readonly two: Lease;
}

/** A lease is one record for all, which only one of several may change. For plugins that declare it. */
export function schedulerLeaseSuite({ describe, it }: TestRunner, fixture: SchedulerFixture): void {
  if (fixture.plugin.capabilities.lease !== true) return;
  const { outage, stall } = fixture;
  const shared = (body: (bench: Shared) => Promise<void>): (() => Promise<void>) =>
    onBench(fixture, async (bench) => {
      const name = freeName();
      const one = leaseOf(bench.scheduler, name);
      await body({ ...bench, one, two: leaseOf(await bench.another(), name) });
    });

  describe("lease", () => {
    it(
      "is nothing before it is written",
      shared(async ({ one, within }) => {
        assert.equal(await within(one.read(patient()), "read"), undefined);
      }),
    );
    it(
      "shows to all what one has written",
      shared(async ({ one, two, within }) => {
        const written = await wrote(within(one.write(ONE, undefined, patient()), "write"));
        const found = await within(two.read(patient()), "read");
        assertClaim(written, ONE);
        assert.deepEqual(found, written);
      }),
    );
    it(
      "is apart from one of another name",
      shared(async ({ scheduler, one, within }) => {
        await wrote(within(one.write(ONE, undefined, patient()), "write"));
        const other = leaseOf(scheduler, freeName());
        assert.equal(await within(other.read(patient()), "read"), undefined);
      }),
    );
    it(
      "is made by one of two who found nothing",
      shared(async ({ one, two, within }) => {
        const tries = [
          one.write(ONE, undefined, patient()),
          two.write(TWO, undefined, patient()),
        ] as const;
        const [first, second] = await within(Promise.all(tries), "write");
        assert.equal(Number(first !== undefined) + Number(second !== undefined), 1, "who made it");
        assertClaim(await within(one.read(patient()), "read"), first === undefined ? TWO : ONE);
      }),
    );
    it(
      "is changed by one of two who found the same",
      shared(async ({ one, two, within }) => {
        const { version } = await wrote(within(one.write(NOBODY, undefined, patient()), "write"));
        const tries = [
          one.write(ONE, version, patient()),
          two.write(TWO, version, patient()),
        ] as const;
        const [first, second] = await within(Promise.all(tries), "write");
        assert.equal(Number(first !== undefined) + Number(second !== undefined), 1, "who got it");
        assertClaim(await within(two.read(patient()), "read"), first === undefined ? TWO : ONE);
      }),
    );
    it(
      "is another version after every renewal",
      shared(async ({ one, two, within, tick }) => {
        const first = await wrote(within(one.write(ONE, undefined, patient()), "write"));
        await tick();
        const renewed = await wrote(within(one.write(ONE, first.version, patient()), "renew"));
        assert.notEqual(renewed.version, first.version);
        assert.deepEqual(await within(two.read(patient()), "read"), renewed);
      }),
    );
    it(
      "is given back and taken by another",
      shared(async ({ one, two, within }) => {
        const had = await wrote(within(one.write(ONE, undefined, patient()), "write"));
        await wrote(within(one.write(NOBODY, had.version, patient()), "give back"));
        const found = await within(two.read(patient()), "read");
        assert.equal(found?.holder, "");
        assertClaim(await within(two.write(TWO, found.version, patient()), "take"), TWO);
      }),
    );
    it(
      "ends read and write when their signal aborts",
      shared(async ({ one, within }) => {
        await endWhenAborted(one, within);
      }),
    );
    if (outage !== undefined) {
      it(
        "is an error during an outage, and neither nothing nor another's",
        shared(async ({ one, within }) => {
          await during(outage, async () => {
            await within(assertThrows(one.read(patient())), "read");
            await within(assertThrows(one.write(ONE, undefined, patient())), "write");
          });
        }),
      );
    }
    if (stall === undefined) return;
    it(
      "ends read and write also while the backend does not answer",
      shared(async ({ one, within }) => {
        await during(stall, () => endWhenAborted(one, within));
      }),
    );
  });
}

// Leases outlast the tests, so their names are of one run alone.
let taken = 0;
const freeName = (): string => `conformance-${process.pid}-${(taken += 1)}`;

function leaseOf(scheduler: Scheduler, name: string): Lease {
  const lease = scheduler.lease?.(name);
  assert.ok(lease !== undefined, "a scheduler that declares lease has one");
  return lease;
}

async function wrote(writing: Promise<LeaseState | undefined>): Promise<LeaseState> {
  const written = await writing;
  assert.ok(written !== undefined, "nobody else has written, so this write gets through");
  return written;
}

function assertClaim(found: LeaseState | undefined, claim: Claim): void {
  assert.equal(found?.holder, claim.holder);
  assert.ok(found.durationMs >= claim.durationMs, "the duration is kept, or rounded up");
  assert.equal(typeof found.version, "string");
}

async function endWhenAborted(lease: Lease, within: SchedulerBench["within"]): Promise<void> {
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => lease.read(signal),
    (signal) => lease.write(ONE, undefined, signal),
  ];
  for (const call of calls) {
    const stop = new AbortController();
    const ended = (): Promise<unknown> => call(stop.signal).catch(() => {});
    const first = ended();
    stop.abort(new Error("aborted by the conformance suite"));
    await within(first, "end of a call that was aborted");
    await within(ended(), "end of a call aborted before it began");
  }
}

async function during(trouble: Switch, body: () => Promise<void>): Promise<void> {
  await trouble.begin();
  try {
    await body();
  } finally {
    await trouble.end();
  }
}

async function assertThrows(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => assert.fail("answered as if nothing were wrong"),
    (reason: unknown) => reason,
  );
  assertOurs(error);
}
