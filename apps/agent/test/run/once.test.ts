import { silentLogger, systemClock } from "@microscaling/core";
import { expect, it } from "vitest";
import { createRedactor } from "../../src/log/redact.ts";
import { runOnce } from "../../src/run/once.ts";
import {
  createFolder,
  failure,
  GOOD,
  packageFiles,
  pluginSource,
  PLUGINS,
} from "../config/fixture.ts";

it("refuses to act once beside the agents that share a lease", async () => {
  const leasing = pluginSource(
    "scheduler",
    "leasing",
    "capabilities: { watch: false, lease: true }",
  );
  const cwd = createFolder({
    ...PLUGINS,
    ...packageFiles(".", "microscaling-scheduler-leasing", leasing),
    "microscaling.yaml": `${GOOD.replace("docker", "leasing")}ha: { lease: main }\n`,
  });
  const log = {
    logger: silentLogger,
    redactor: createRedactor(),
    configure() {},
    health: () => ({ lost: 0, problem: undefined }),
  };
  const request = { env: {}, cwd, dryRun: false, clock: systemClock, log };
  const { code, message } = await failure(runOnce(request, true));
  expect(code).toBe("ERR_USAGE");
  expect(message).toMatch(/lease main; found ha in .*microscaling\.yaml. Use/);
});
