import { silentLogger, systemClock } from "@microscaling/core";

import plugin from "../src/index.ts";
import type { ProcessWorkload } from "../src/index.ts";

// An agent in small, to be killed: runs two instances of the command in its arguments, or as many as OWNER_COUNT says, tells what came of
// it, and waits.
const [command = "", ...args] = process.argv.slice(2);
const scheduler = plugin.create({}, { clock: systemClock, logger: silentLogger });
const workload: ProcessWorkload = {
  command: [command, ...args],
  cwd: undefined,
  env: { OWNER_TEST: process.env["OWNER_TEST"] ?? "" },
  stop: { signal: "SIGTERM", graceMs: 1000 },
  output: "ignore",
};
const outcome = await scheduler.scale(
  { name: "owned", workload },
  Number(process.env["OWNER_COUNT"] ?? 2),
  new AbortController().signal,
);
process.on("SIGTERM", () => process.exit(0));
const why = outcome.status === "failed" ? `: ${outcome.error.message}` : "";
process.stdout.write(`${outcome.status}${why}\n`);
setInterval(() => {}, 60_000);
