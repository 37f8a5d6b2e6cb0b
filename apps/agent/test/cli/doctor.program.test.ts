import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { folderWith, run, start, TOY_CONFIG } from "./program.ts";

it("ends with 0 when all is well, and says what it saw", async () => {
  const { code, stdout, stderr } = await run(folderWith(TOY_CONFIG), "doctor");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^✓ config: .*microscaling\.yaml is valid: scheduler toy, metric toy$/m);
  expect(stdout).toMatch(/^✓ mails: metric toy: 100$/m);
  expect(stdout).toMatch(/^✓ capacity: instances: 0 of 10 in use$/m);
  expect(stdout).toMatch(/\nAll is well\.\n$/);
});

it("ends with 0 when there are only warnings", async () => {
  const config = TOY_CONFIG.replace("min: 1,", "min: 11,").replace("max: 8", "max: 12");
  const { code, stdout } = await run(folderWith(config), "doctor");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^! config: overcommitted: /m);
  expect(stdout).toContain("0 problems, 1 warning.");
});

it("warns of a topic that does not exist, which a running agent reads as 0", async () => {
  const stats = JSON.stringify({ version: "1.3.0", health: "OK", start_time: 1, topics: [] });
  const nsqd = createServer((_, response) => void response.end(stats)).listen(0, "127.0.0.1");
  onTestFinished(() => void nsqd.close());
  await once(nsqd, "listening");
  const { port } = nsqd.address() as AddressInfo;
  const metric = "use: nsq, topic: mistyped, channel: work";
  const config = `${TOY_CONFIG.replace("use: toy, value: 100", metric)}metrics: { nsq: { nsqd: ["127.0.0.1:${port}"] } }\n`;
  const { code, stdout } = await run(folderWith(config), "doctor");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^! metric nsq: .*mistyped.* → \w/m);
  expect(stdout).toContain("0 problems, 1 warning.");
});

const ILL = TOY_CONFIG.replace("use: toy }", "use: toy, failStarts: true }").replace(
  "value: 100",
  "file: /no/such/number",
);

it("ends with 1 for a problem, tells what to do, and goes on with the others", async () => {
  const { code, stdout } = await run(folderWith(ILL), "doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ mails: .*set to fail starts → remove failStarts from scheduler$/m);
  expect(stdout).toMatch(/^✗ mails: metric toy: \/no\/such\/number: .* → \w/m);
  expect(stdout).toContain("3 problems, 0 warnings.");
});

it("tells the same to programs", async () => {
  const { code, stdout } = await run(folderWith(ILL), "doctor", "--json");
  expect(code).toBe(1);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  expect(told).toMatchObject({ problems: 3, warnings: 0 });
  expect(told["findings"]).toContainEqual({
    about: "batch",
    level: "problem",
    message: "the toy scheduler is set to fail starts",
    advice: "remove failStarts from scheduler",
  });
});

it("ends with 2 for a bad config, and asks nobody", async () => {
  const config = TOY_CONFIG.replace("min: 1", "min: -1");
  const { code, stdout, stderr } = await run(folderWith(config), "doctor");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^error ERR_CONFIG_INVALID /);
});

it("shows no secret", async () => {
  const config = TOY_CONFIG.replace("value: 100", 'file: "/no/${SECRET}/number"');
  const { code, stdout } = await start(folderWith(config), ["doctor"], { SECRET: "hunter22" })
    .ended;
  expect(code).toBe(1);
  expect(stdout).toContain("[redacted]");
  expect(stdout).not.toContain("hunter22");
});
