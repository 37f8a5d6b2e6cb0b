import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { stripVTControlCharacters } from "node:util";
import { createTestClock, type TestClock } from "@microscaling/conformance";
import { expect, it } from "vitest";
import { createLiveView, type LiveView } from "../../src/live/view.ts";
import { decision, engineState, record } from "../records.ts";

const signal = new AbortController().signal;

function open(): { view: LiveView; clock: TestClock; drawn: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 24 });
  let written = "";
  stream.setEncoding("utf8").on("data", (text: string) => (written += text));
  const clock = createTestClock();
  const view = createLiveView(stream as unknown as WriteStream, clock);
  view.show({ state: () => engineState(), dryRun: false });
  const drawn = (): string => {
    const text = stripVTControlCharacters(written);
    written = "";
    return text;
  };
  return { view, clock, drawn };
}

const desired = (n: number) => record(decision({ desired: n, granted: n }));

it("paints the first turn at once, and then only the newest one", async () => {
  const { view, clock, drawn } = open();
  await view.monitor.report(desired(21), signal);
  await clock.advance(0);
  expect(drawn()).toContain("21");
  await view.monitor.report(desired(22), signal);
  await view.monitor.report(desired(23), signal);
  await clock.advance(0);
  expect(drawn()).toBe("");
  await clock.advance(1000);
  const after = drawn();
  expect(after).toContain("23");
  expect(after).not.toContain("22");
});

it("prints log lines above the picture, and after the end as they are", async () => {
  const { view, clock, drawn } = open();
  await view.monitor.report(desired(21), signal);
  await clock.advance(0);
  drawn();
  view.print("mails 1 → 2\n");
  await clock.advance(0);
  expect(drawn()).toContain("mails 1 → 2");
  view.close();
  view.close();
  drawn();
  view.print("stopped\n");
  await clock.advance(0);
  expect(drawn()).toBe("stopped\n");
});

it("paints no more once it is closed", async () => {
  const { view, clock, drawn } = open();
  view.close();
  drawn();
  await view.monitor.report(desired(21), signal);
  await clock.advance(1000);
  expect(drawn()).toBe("");
});
