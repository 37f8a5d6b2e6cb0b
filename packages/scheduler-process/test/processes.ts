import { readdirSync, readFileSync } from "node:fs";

/** The living processes that have this variable in their environment, as the system knows them. Linux only. */
export function pidsOf(variable: string, value: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(`${variable}=${value}`))
    .map(Number);
}

// A process may go between being listed and being read; a zombie has no environment any more.
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
