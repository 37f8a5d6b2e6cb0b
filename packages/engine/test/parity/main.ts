// Replays every vector file in a folder and ends with `N passed, N failed`. Exit code 1 when a case fails, 2 when there are none.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replayAlloc, replayRun, replayTarget, type Replay } from "./replay.ts";

const folder = process.argv[2] ?? "";
let passed = 0;
let failed = 0;

function replayFile<Case>(file: string, replay: Replay<Case>): void {
  const path = join(folder, file);
  if (!existsSync(path)) return;
  const cases = JSON.parse(readFileSync(path, "utf8")) as Case[];
  for (const [i, vector] of cases.entries()) {
    const problem = replay(vector);
    if (problem === undefined) passed++;
    else failed++;
    if (problem !== undefined) process.stdout.write(`${file} case ${i}: ${problem}\n`);
  }
}

replayFile("targets.json", replayTarget);
replayFile("alloc.json", replayAlloc);
replayFile("runs.json", replayRun);
if (passed + failed === 0) {
  process.stderr.write(
    `expected targets.json, alloc.json or runs.json in ${folder}, found none of them\n`,
  );
  process.exitCode = 2;
} else {
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
