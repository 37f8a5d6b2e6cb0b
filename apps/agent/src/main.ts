import { systemClock } from "@microscaling/core";
import { runCommandLine } from "./cli/program.ts";
import { endsWithin } from "./run/within.ts";

/** So long may what was written take to come out at the end, in milliseconds: its reader may be stuck. */
const FLUSH_MS = 2000;

// What cannot be written must not end a command. Who writes sees it by themselves.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const code = await runCommandLine(process.argv.slice(2));
const written = Promise.withResolvers<void>();
process.stdout.write("", () => written.resolve());
await endsWithin(systemClock, FLUSH_MS, written.promise);
// Something a plugin left open must not keep the program.
process.exit(code);
