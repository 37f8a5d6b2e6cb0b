import type { Belief, ReadingParts } from "@microscaling/core";
import { expect, it } from "vitest";
import type { RecordedTurn } from "../src/record.ts";
import { readRecordedLoad, type RecordedLoad } from "../src/recorded-load.ts";

const START = 1_764_000_000_000;

interface Seen {
  readonly at: number;
  readonly ready: number;
  readonly parts?: ReadingParts;
  readonly belief?: Belief;
}

async function* turnsOf(all: readonly Seen[]): AsyncGenerator<RecordedTurn> {
  for (const { at, ready, parts = {}, belief } of all) {
    await Promise.resolve();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only what is read
    yield {
      spec: { tasks: [{ name: "batch" }, { name: "mails" }] },
      at: START + 1000 * at,
      decisions: [
        { task: "batch" },
        {
          task: "mails",
          reading: {
            kind: "reading",
            value: ready,
            at: START + 1000 * at,
            parts: { ready, ...parts },
          },
          ...(belief === undefined ? {} : { belief }),
        },
      ],
    } as unknown as RecordedTurn;
  }
}

const read = (all: readonly Seen[]): Promise<RecordedLoad | undefined> =>
  readRecordedLoad(turnsOf(all), "mails");

it("takes what the backend counted, spread over the time between the readings", async () => {
  const load = await read([
    { at: 0, ready: 5, parts: { arrived: 100 } },
    { at: 2, ready: 0, parts: { arrived: 108 } },
    { at: 2.5, ready: 0, parts: { arrived: 109 } },
    { at: 4, ready: 9, parts: { arrived: 124 } },
  ]);
  expect(load).toMatchObject({ by: "counted", startMs: START });
  expect([...load!.rate]).toEqual([4, 4, 6, 10]);
});

it("makes arrivals of what was finished and by how much the queue grew", async () => {
  const load = await read([
    { at: 0, ready: 5, parts: { finished: 10, inFlight: 2 } },
    { at: 1, ready: 8, parts: { finished: 16, inFlight: 1 } },
  ]);
  expect([...load!.rate]).toEqual([8]);
});

it("goes by the target's estimate where nothing is counted, and by its last one of the instances", async () => {
  const load = await read([
    { at: 0, ready: 5 },
    { at: 1, ready: 4, belief: { arrivalRate: 3, serviceRate: 4 } },
    { at: 2, ready: 3, belief: { arrivalRate: 5, serviceRate: 5, startupSeconds: 2 } },
  ]);
  expect(load).toMatchObject({ by: "believed", serviceSeconds: 0.2, startupSeconds: 2 });
  expect([...load!.rate]).toEqual([3, 5]);
});

it("has at least by how much the queue grew", async () => {
  const load = await read([
    { at: 0, ready: 5 },
    { at: 1, ready: 9 },
    { at: 2, ready: 3 },
  ]);
  expect(load).toMatchObject({ by: "growth" });
  expect([...load!.rate]).toEqual([4, 0]);
});

it("makes nothing of totals that began anew, nor of a time in which the agent was down", async () => {
  const load = await read([
    { at: 0, ready: 0, parts: { arrived: 1000 } },
    { at: 1, ready: 0, parts: { arrived: 1003 } },
    { at: 2, ready: 0, parts: { arrived: 2 } },
    { at: 3, ready: 0, parts: { arrived: 6 } },
    { at: 100, ready: 0, parts: { arrived: 9999 } },
    { at: 101, ready: 0, parts: { arrived: 10_000 } },
  ]);
  expect([...load!.rate].slice(0, 4)).toEqual([3, 0, 4, 0]);
  expect(load!.rate[50]).toBe(0);
  expect(load!.rate[100]).toBe(1);
});

it("has nothing for a task that is not there, or was read only once", async () => {
  expect(await read([{ at: 0, ready: 5 }])).toBeUndefined();
  expect(await readRecordedLoad(turnsOf([{ at: 0, ready: 5 }]), "audits")).toBeUndefined();
});
