import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { createLineSink, type LineSink } from "../../src/log/line-sink.ts";

interface Bench {
  readonly sink: LineSink;
  /** What came out. */
  readonly written: string[];
  /** How many lines were lost, each time that lines could be written again. */
  readonly recovered: number[];
  /** The reader takes what waits, and reads on. */
  readonly read: () => void;
  /** What the next lines fail with. */
  fault: Error | undefined;
  readonly waits: () => number;
}

/** A stream whose reader reads nothing until it is told to. */
function open({ reads }: { readonly reads: boolean }): Bench {
  const written: string[] = [];
  const recovered: number[] = [];
  let pending: (() => void) | undefined;
  let isReading = reads;
  const bench: { fault: Error | undefined } = { fault: undefined };
  const stream = new Writable({
    // Like the standard streams, which an error does not close.
    autoDestroy: false,
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const { fault } = bench;
      if (fault !== undefined) return done(fault);
      written.push(line);
      if (isReading) done();
      else pending = () => done();
    },
    destroy: (error, done) => done(error),
  });
  const sink = createLineSink(stream, (lost) => recovered.push(lost));
  return Object.assign(bench, {
    sink,
    written,
    recovered,
    waits: () => stream.writableLength,
    read() {
      isReading = true;
      pending?.();
      pending = undefined;
    },
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LINE = `${"x".repeat(1023)}\n`;

it("writes every line, in order", async () => {
  const { sink, written, recovered } = open({ reads: true });
  for (const line of ["1\n", "2\n", "3\n"]) sink.write(line);
  await turn();
  expect(written).toEqual(["1\n", "2\n", "3\n"]);
  expect(sink.health()).toEqual({ lost: 0, problem: undefined });
  expect(recovered).toEqual([]);
});

it("keeps only so much for a reader that is slow, drops and counts the rest, and says so once it reads on", async () => {
  const bench = open({ reads: false });
  const { sink, written } = bench;
  for (let i = 0; i < 100_000; i++) sink.write(LINE);
  expect(bench.waits()).toBeLessThan(10_000_000);
  const { lost, problem } = sink.health();
  expect(problem).toBe("its reader is too slow");
  expect(lost).toBeGreaterThan(90_000);
  bench.read();
  await turn();
  expect(bench.recovered).toEqual([lost]);
  expect(written).toHaveLength(100_000 - lost);
  sink.write("after\n");
  expect(written.at(-1)).toBe("after\n");
  expect(sink.health()).toEqual({ lost, problem: undefined });
});

it("counts what cannot be written, goes on trying, and says so once it can again", async () => {
  const bench = open({ reads: true });
  bench.fault = new Error("ENOSPC: no space left on device, write");
  bench.sink.write("lost\n");
  await turn();
  expect(bench.sink.health()).toEqual({ lost: 1, problem: bench.fault.message });
  expect(bench.recovered).toEqual([]);
});

it("survives a stream that throws", () => {
  const stream = new Writable();
  stream.write = () => {
    throw new Error("bad file descriptor");
  };
  const sink = createLineSink(stream, () => {});
  sink.write("lost\n");
  expect(sink.health()).toEqual({ lost: 1, problem: "bad file descriptor" });
});
