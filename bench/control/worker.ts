// One thread of the pool: runs the cases it is given.
import { parentPort } from "node:worker_threads";
import type { Case } from "./case.ts";
import { runCase } from "./run-case.ts";

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort!.on("message", (one: Case) => parentPort!.postMessage(runCase(one)));
