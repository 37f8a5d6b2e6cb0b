import { describe, expect, it } from "vitest";
import { createTestClock } from "@microscaling/conformance";
import { createLog, type Log, type LogFormat } from "../../src/log/logger.ts";
import { createRedactor } from "../../src/log/redact.ts";
import { AT } from "../records.ts";

async function open(format: LogFormat): Promise<{ log: Log; lines: string[] }> {
  const lines: string[] = [];
  const log = await createLog({
    format,
    colour: false,
    redactor: createRedactor(),
    clock: createTestClock(AT),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

describe("the log", () => {
  it("writes one JSON object a line, with the clock's time", async () => {
    const { log, lines } = await open("json");
    log.logger.child({ component: "engine" }).info("hello", { task: "mails" });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      time: "2025-01-01T12:00:00.000Z",
      component: "engine",
      task: "mails",
      msg: "hello",
    });
  });

  it("hides secrets that became known after a logger was handed out", async () => {
    const { log, lines } = await open("json");
    const child = log.logger.child({ component: "metric" });
    log.redactor.add(["s3cr3t"]);
    child.error("refused s3cr3t", { error: new Error("s3cr3t") });
    expect(lines.join("")).toContain("[redacted]");
    expect(lines.join("")).not.toContain("s3cr3t");
  });

  it("follows level and debugged components at once", async () => {
    const { log, lines } = await open("json");
    const engine = log.logger.child({ component: "engine" });
    const http = log.logger.child({ component: "http" });
    engine.debug("one");
    log.configure({ level: "warn", debug: ["engine"], detail: false });
    engine.debug("two");
    engine.child({ task: "mails" }).debug("three");
    http.info("four");
    http.warn("five");
    const texts = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(texts).toEqual(["two", "three", "five"]);
  });

  it("adds the process id when detail is asked for", async () => {
    const { log, lines } = await open("json");
    log.configure({ level: "info", debug: [], detail: true });
    log.logger.info("hello");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ pid: process.pid });
  });

  it("is one readable line for people, without what the sentence says already", async () => {
    const { log, lines } = await open("pretty");
    log.logger.info("mails 2 → 5: 40 waiting", { task: "mails", from: 2, to: 5 });
    log.logger.warn("refused", { task: "mails", error: new Error("no route") });
    expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d+\] INFO: mails 2 → 5: 40 waiting\n$/);
    expect(lines[1]).toMatch(/WARN: refused .*no route/);
    expect(lines[1]).toContain("mails");
  });
});
